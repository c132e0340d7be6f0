//! Which running store a command is about, and how its front end is asked.

use std::time::Duration;

use anyhow::{Context as _, anyhow, bail};
use rumormill_lab::server::{RunningStore, announcements, running_stores};
use serde_json::Value;

use super::args::ServerArgs;
use crate::cli::Failure;

/// The longest that an answer may take: a change of the members waits for leases to end.
const TIMEOUT: Duration = Duration::from_secs(180);

/// The most bytes of an answer.
const ANSWER_BYTES_MAX: u64 = 1 << 20;

/// A front end of a running store.
pub(super) struct Server {
    url: String,
    agent: ureq::Agent,
}

impl Server {
    /// The front end that the arguments name, or that of the only store on this machine.
    ///
    /// # Errors
    /// When none is named and there is not exactly one store, or what is named is no address.
    pub(super) fn find(args: &ServerArgs) -> Result<Self, Failure> {
        let url = match &args.server {
            Some(url) => checked(url),
            None => only(&running_stores(&announcements())),
        };
        let url = url.map_err(Failure::Input)?;
        // Why something is refused stands in the body.
        let config = ureq::Agent::config_builder().http_status_as_error(false);
        let config = config.timeout_global(Some(TIMEOUT)).timeout_connect(Some(Duration::from_secs(5))).proxy(None);
        Ok(Self { url, agent: ureq::Agent::from(config.build()) })
    }

    /// Its address.
    pub(super) fn url(&self) -> &str {
        &self.url
    }

    /// Asks for something.
    pub(super) fn get(&self, path: &str) -> Result<Value, Failure> {
        self.understood(self.agent.get(format!("{}{path}", self.url)).call())
    }

    /// Asks for a change.
    pub(super) fn put(&self, path: &str, body: &Value) -> Result<Value, Failure> {
        let request = self.agent.put(format!("{}{path}", self.url)).header("Content-Type", "application/json");
        self.understood(request.send(body.to_string()))
    }

    /// What it answered. A request that makes no sense is a mistake of whoever typed it.
    fn understood(&self, answer: Result<ureq::http::Response<ureq::Body>, ureq::Error>) -> Result<Value, Failure> {
        let url = &self.url;
        let mut answer = answer.map_err(|error| Failure::Run(anyhow!("{url} does not answer: {error}")))?;
        let status = answer.status();
        let body = answer.body_mut().with_config().limit(ANSWER_BYTES_MAX).read_to_string().unwrap_or_default();
        let body: Option<Value> = serde_json::from_str(&body).ok();
        if status.is_success()
            && let Some(body) = body
        {
            return Ok(body);
        }
        let why = body.as_ref().and_then(|body| body["error"]["message"].as_str());
        let Some(why) = why else { return Err(Failure::Run(anyhow!("{url} is no front end of a store ({status})"))) };
        let why = anyhow!("{why}");
        Err(if matches!(status.as_u16(), 400 | 404) { Failure::Input(why) } else { Failure::Run(why) })
    }
}

/// An address without what a person may write after it.
fn checked(text: &str) -> anyhow::Result<String> {
    let url = if text.contains("://") { text.to_string() } else { format!("http://{text}") };
    let url = url.trim_end_matches('/').to_string();
    let parsed: ureq::http::Uri = url.parse().with_context(|| format!("--server {text} is no address"))?;
    if parsed.scheme_str() != Some("http") || parsed.host().is_none() || !matches!(parsed.path(), "" | "/") {
        bail!("--server {text}: write the address that `store up` prints, such as http://127.0.0.1:40123");
    }
    Ok(url)
}

/// The address of the only store there is.
fn only(stores: &[RunningStore]) -> anyhow::Result<String> {
    match stores {
        [] => {
            bail!("no store runs on this machine; start one with `rumormill store up`, or name one with --server URL")
        }
        [store] => {
            let front_end = store.front_ends.first().context("the store on this machine has no front end")?;
            Ok(format!("http://{front_end}"))
        }
        several => {
            let line = |store: &RunningStore| {
                let front_ends: Vec<String> =
                    store.front_ends.iter().map(|at| format!("--server http://{at}")).collect();
                format!("\n  {}: {}", store.folder.display(), front_ends.join(" or "))
            };
            let lines: String = several.iter().map(line).collect();
            bail!("{} stores run on this machine; say which one:{lines}", several.len())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn store(folder: &str, front_end: &str) -> RunningStore {
        RunningStore { pid: 1, folder: folder.into(), replicas: 3, front_ends: vec![front_end.parse().unwrap()] }
    }

    #[test]
    fn the_only_store_is_meant() {
        let stores = [store("/shop", "127.0.0.1:40123"), store("/bar", "127.0.0.1:40124")];
        assert_eq!(only(&stores[..1]).unwrap(), "http://127.0.0.1:40123");
        let which = only(&stores).unwrap_err().to_string();
        assert!(which.contains("/bar: --server http://127.0.0.1:40124"), "{which}");
        assert!(only(&[]).unwrap_err().to_string().contains("rumormill store up"));
    }

    #[test]
    fn an_address_may_be_short() {
        for text in ["127.0.0.1:80", "http://127.0.0.1:80/", "http://127.0.0.1:80"] {
            assert_eq!(checked(text).unwrap(), "http://127.0.0.1:80");
        }
        for text in ["https://127.0.0.1:80", "http://", "no address", "http://127.0.0.1:80/v1"] {
            assert!(checked(text).unwrap_err().to_string().contains("--server"), "{text}");
        }
    }
}
