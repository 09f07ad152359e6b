# One dashboard a service: how traffic is split, error rates, and how slow the slow requests are, canary against stable.

locals {
  # What the functions report of a deployment as a whole has no dimensions.
  own_dimensions = {}

  sides = { canary = "#ff7f0e", stable = "#1f77b4" }

  alb_widgets = { for key, alb in local.albs : key => [
    {
      type = "metric", width = 8, height = 6
      properties = {
        title  = "${alb.route}: traffic distribution, %"
        region = local.region, view = "timeSeries", stacked = true, period = 60, stat = "Sum"
        yAxis  = { left = { min = 0, max = 100 } }
        metrics = concat(
          [for side in ["canary", "stable"] : [{
            expression = "100 * FILL(${side}, 0) / (FILL(canary, 0) + FILL(stable, 0))", label = side, id = "${side}_share"
            color      = local.sides[side]
          }]],
          [for side in ["canary", "stable"] : [
            "AWS/ApplicationELB", "RequestCount", "TargetGroup", alb["${side}_group"], "LoadBalancer", alb.load_balancer,
            { id = side, visible = false }
          ]],
        )
      }
    },
    {
      type = "metric", width = 8, height = 6
      properties = {
        title  = "${alb.route}: error rates, % of requests"
        region = local.region, view = "timeSeries", period = 60, stat = "Sum"
        yAxis  = { left = { min = 0 } }
        annotations = { horizontal = [for guard in [alb.guard] : {
          label = "roll back", value = guard.error_percent
        } if guard != null] }
        metrics = concat(
          [for pair in setproduct(["canary", "stable"], ["5XX", "4XX"]) : [{
            expression = "100 * FILL(${pair[0]}_${lower(pair[1])}, 0) / ${pair[0]}"
            label      = "${pair[1]} ${pair[0]}", id = "${pair[0]}_${lower(pair[1])}_rate"
          }]],
          [for pair in setproduct(["canary", "stable"], ["5XX", "4XX"]) : [
            "AWS/ApplicationELB", "HTTPCode_Target_${pair[1]}_Count", "TargetGroup", alb["${pair[0]}_group"], "LoadBalancer", alb.load_balancer,
            { id = "${pair[0]}_${lower(pair[1])}", visible = false }
          ]],
          [for side in ["canary", "stable"] : [
            "AWS/ApplicationELB", "RequestCount", "TargetGroup", alb["${side}_group"], "LoadBalancer", alb.load_balancer,
            { id = side, visible = false }
          ]],
        )
      }
    },
    {
      type = "metric", width = 8, height = 6
      properties = {
        title  = "${alb.route}: response time, s"
        region = local.region, view = "timeSeries", period = 60
        yAxis  = { left = { min = 0 } }
        annotations = { horizontal = [for guard in [alb.guard] : {
          label = "roll back (p95)", value = guard.p95_seconds
        } if guard != null] }
        metrics = [for pair in setproduct(["canary", "stable"], ["p95", "p99"]) : [
          "AWS/ApplicationELB", "TargetResponseTime", "TargetGroup", alb["${pair[0]}_group"], "LoadBalancer", alb.load_balancer,
          { stat = pair[1], label = "${pair[1]} ${pair[0]}" }
        ]]
      }
    },
  ] }
  alias_widgets = { for key, alias in local.aliases : key => [{
    type = "metric", width = 24, height = 6
    properties = {
      title  = "${alias.route}: invocations and errors by version"
      region = local.region, view = "timeSeries", period = 60, stat = "Sum"
      # Which versions there are changes with every rollout, so they are searched for.
      metrics = [for metric in ["Invocations", "Errors"] : [{
        expression = join(" ", [
          "SEARCH('{AWS/Lambda,ExecutedVersion,FunctionName,Resource} MetricName=\"${metric}\"",
          "FunctionName=\"${split(":", alias.function)[6]}\" Resource=\"${split(":", alias.function)[6]}:${alias.alias}\"', 'Sum', 60)",
        ])
        id = lower(metric), label = "${metric} "
      }]]
    }
  }] }

  # The weights as they should be, route by route: all there is to see of a route in DNS, whose answers nobody counts.
  weight_widgets = { for service, s in var.services : service => [{
    type = "metric", width = 16, height = 6
    properties = {
      title  = "Canary's weight, %"
      region = local.region, view = "timeSeries", period = 60, stat = "Maximum"
      yAxis  = { left = { min = 0, max = 100 } }
      metrics = [for route in concat(keys(s.albs), keys(s.records), keys(s.aliases)) : [
        "Tidegate", "CanaryWeight", "Service", service, "Route", route, { label = route }
      ]]
    }
  }] if length(s.albs) + length(s.records) + length(s.aliases) > 0 }

  alarm_widgets = { for service in local.guarded_services : service => [{
    type = "alarm", width = 8, height = 6
    properties = {
      title  = "Alarms that shut the gate"
      alarms = [for alarm in values(local.alarms) : alarm.arn if alarm.service == service]
    }
  }] }
}

resource "aws_cloudwatch_dashboard" "service" {
  for_each = var.services

  dashboard_name = "${var.name}-${each.key}"
  # CloudWatch lays out what has no place from left to right, 24 columns wide.
  dashboard_body = jsonencode({
    widgets = concat(
      flatten([for key, widgets in local.alb_widgets : widgets if local.albs[key].service == each.key]),
      flatten([for key, widgets in local.alias_widgets : widgets if local.aliases[key].service == each.key]),
      lookup(local.weight_widgets, each.key, []),
      lookup(local.alarm_widgets, each.key, []),
    )
  })
}
