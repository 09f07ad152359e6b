//! A second opinion: moto keeps more kinds of conditions and actions, and was written by others.

use std::{
    io::{Read as _, Write as _},
    net::TcpStream,
};

use aws_sdk_elasticloadbalancingv2::types::{
    Action, ActionTypeEnum, AuthenticateCognitoActionConfig, HttpHeaderConditionConfig,
    QueryStringConditionConfig, QueryStringKeyValuePair, RuleCondition, SourceIpConditionConfig,
};
use domain::{
    plan::route::{AlbBase, AlbMode},
    target::Goal,
};
use engine::trouble::WriteError;
use expect_test::expect;

use super::bench::{Bench, host, path, percent, to_group};
use crate::bed::Bed;

/// The VPC and the subnets that moto has from the beginning.
fn network(endpoint: &str) -> (String, Vec<String>) {
    let address = endpoint.trim_start_matches("http://");
    let mut stream = TcpStream::connect(address).unwrap();
    let body = "Action=DescribeSubnets&Version=2016-11-15";
    // Which service is meant stands in the scope of the signature, which nobody checks.
    let scope = "Credential=test/20260101/us-east-1/ec2/aws4_request";
    let request = format!(
        "POST / HTTP/1.0\r\nAuthorization: AWS4-HMAC-SHA256 {scope}, SignedHeaders=host, Signature=0\r\n\
         Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let all = |tag: &str| -> Vec<String> {
        let begins = format!("<{tag}>");
        let parts = answer.split(&begins).skip(1);
        parts
            .filter_map(|part| Some(part.split_once('<')?.0.to_owned()))
            .collect()
    };
    let vpc = all("vpcId").into_iter().next().unwrap();
    (vpc, all("subnetId").into_iter().take(2).collect())
}

fn cognito() -> Action {
    let config = AuthenticateCognitoActionConfig::builder()
        .user_pool_arn("arn:aws:cognito-idp:us-east-1:123456789012:userpool/us-east-1_abc")
        .user_pool_client_id("client")
        .user_pool_domain("shop");
    Action::builder()
        .r#type(ActionTypeEnum::AuthenticateCognito)
        .order(1)
        .authenticate_cognito_config(config.build())
        .build()
}

fn conditions() -> Vec<RuleCondition> {
    let of = |field: &str| RuleCondition::builder().field(field);
    let header = HttpHeaderConditionConfig::builder()
        .http_header_name("Cookie")
        .values("*seg=beta*");
    let pair = QueryStringKeyValuePair::builder().key("v").value("2");
    let query = QueryStringConditionConfig::builder().values(pair.build());
    let source = SourceIpConditionConfig::builder().values("10.0.0.0/8");
    vec![
        host("shop.example"),
        path("/api/*"),
        of("http-header").http_header_config(header.build()).build(),
        of("query-string")
            .query_string_config(query.build())
            .build(),
        of("source-ip").source_ip_config(source.build()).build(),
    ]
}

#[test]
fn on_moto_an_owned_rule_has_what_the_base_rule_has() {
    let bed = Bed::start("moto").unwrap();
    bed.run(async {
        let (vpc, subnets) = network(bed.endpoint());
        let client = bed.clients().balancers;
        let mut bench = Bench::on(client, "second", Some(&vpc), &subnets).await;
        let forward = to_group(&bench.stable, Some(300));
        let actions = vec![cognito(), forward];
        let base = bench.rule_with(100, conditions(), actions).await;
        bench.route = Some(bench.route(AlbBase::Rule(base), AlbMode::Owned { priority: 10 }));
        let nothing = bench.read().await.fence;
        bench.step(Goal::Prepared).await.unwrap();
        let twice = bench.write(Goal::Prepared, nothing).await;
        assert!(matches!(twice, Err(WriteError::Trouble(trouble)) if trouble.what.contains("PriorityInUse")));
        bench.step(percent(5)).await.unwrap();
        let rules = bench.described().await;
        let at = |priority: &str| rules.iter().find(|rule| rule.priority() == Some(priority)).unwrap();
        assert_eq!(at("10").conditions(), at("100").conditions());
        assert_eq!(at("10").actions()[0], at("100").actions()[0]);
        let sticky = |priority: &str| {
            let forward = at(priority).actions()[1].forward_config();
            forward.and_then(|config| config.target_group_stickiness_config().cloned())
        };
        assert_eq!(sticky("10"), sticky("100"));
        bench.seen(&expect!["5%, base 0%, Ready, leftover Some"]).await;
        let carried = bench.read().await.fence;
        bench.step(Goal::Restored).await.unwrap();
        bench.seen(&expect!["0%, base 0%, Missing, leftover None"]).await;
        assert_eq!(bench.write(percent(50), carried).await, Err(WriteError::Fenced));
    });
}
