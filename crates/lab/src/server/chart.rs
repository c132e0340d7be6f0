//! Statecharts: which states peers were in, and how they got from one to the other.

use std::sync::Arc;

use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use rumormill_trace::{Charts, Run, SeenChart, SeenState, SeenTransition};
use serde::Deserialize;
use serde_json::{Value, json};

use super::Lab;
use super::error::ApiError;
use super::history::{given, moment};

/// Peers whose states are told one by one, at most; the others are counted.
const PEERS_MAX: usize = 10_000;

/// Which chart a page wants to see, and when.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Wanted {
    name: Option<String>,
    t: Option<String>,
}

/// `GET /api/runs/{id}/chart`: the charts of a run, as they were at a moment.
pub(super) async fn chart(
    State(lab): State<Arc<Lab>>,
    Path(id): Path<String>,
    wanted: Result<Query<Wanted>, QueryRejection>,
) -> Result<Response, ApiError> {
    let wanted = wanted?.0;
    let (name, until) = (given(&wanted.name).map(ToOwned::to_owned), moment("t", &wanted.t)?);
    lab.work(move |lab| {
        let run = lab.history.run(lab, &id)?;
        lab.history.answer(&run, &format!("chart {name:?} {until:?}"), || {
            let mut charts = run.charts(until);
            publish(lab, &run, &mut charts);
            Ok(told(&charts, name.as_deref()))
        })
    })
    .await?
}

/// Adds what the protocol publishes, when this lab knows the protocol and its peers tell of states at all.
fn publish(lab: &Lab, run: &Run, charts: &mut Charts) {
    let file = run.file();
    let Some(chart) = lab.workbench.registry.get(&file.protocol).and_then(|protocol| protocol.chart()) else { return };
    if let Some(seen) = charts.charts.iter_mut().find(|seen| seen.name == file.community) {
        seen.publish(&chart);
    } else if charts.charts.is_empty() {
        charts.charts.push(SeenChart::default());
        charts.charts[0].name.clone_from(&file.community);
        charts.charts[0].publish(&chart);
    }
}

fn told(charts: &Charts, name: Option<&str>) -> Value {
    let wanted = charts.charts.iter().filter(|chart| name.is_none_or(|name| chart.name == name));
    let peers: serde_json::Map<String, Value> =
        charts.peers.iter().take(PEERS_MAX).map(|(peer, states)| (peer.to_string(), json!(states))).collect();
    json!({
        "charts": wanted.map(told_chart).collect::<Vec<_>>(),
        "peers": peers,
        "peers_of": charts.peers.len(),
    })
}

fn told_chart(chart: &SeenChart) -> Value {
    let state = |state: &SeenState| {
        json!({
            "name": state.name,
            "parent": state.parent,
            "peers_now": state.peers_now,
            "entered": state.entered,
        })
    };
    let transition = |transition: &SeenTransition| {
        json!({
            "from": transition.from,
            "to": transition.to,
            "count": transition.count,
            "trigger": transition.triggers.first().map(|(name, _)| name),
            "triggers": transition.triggers,
        })
    };
    json!({
        "name": chart.name,
        "initial": chart.initial,
        "states": chart.states.iter().map(state).collect::<Vec<_>>(),
        "transitions": chart.transitions.iter().map(transition).collect::<Vec<_>>(),
    })
}
