//! The walks that take too long for every run: `make prove`.

use super::{
    Protocol,
    check::{Found, Until, row, walk, with_hands, with_outages},
    target::Fence,
};

#[track_caller]
fn prove(name: &str, protocol: &Protocol) {
    let walked = walk(protocol, Until::Broken);
    crate::report::show("Model", &row(name, protocol, &walked));
    assert_eq!(walked.found, Found::Nothing, "{name} {:?}", protocol.fence);
}

#[test]
fn two_workers_over_three_phases() {
    for fence in Fence::ALL {
        prove("plain", &Protocol::new(fence, 2, 3));
    }
}

#[test]
fn two_workers_and_a_stranger_s_hand() {
    for fence in Fence::ALL {
        prove("hand", &with_hands(Protocol::new(fence, 2, 2)));
    }
}

#[test]
fn two_workers_without_the_store() {
    for fence in Fence::ALL {
        prove("outage", &with_outages(Protocol::new(fence, 2, 2)));
    }
}

#[test]
fn three_workers() {
    for fence in Fence::ALL {
        prove("plain", &Protocol::new(fence, 3, 2));
    }
}
