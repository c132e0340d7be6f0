//! A peer's side of the tracker: registers its record, and learns those of others as they come.

use std::rc::Rc;
use std::time::Duration;

use tokio::sync::watch;

use crate::PeerRecord;
use crate::assignment::TrackerAddress;
use crate::book::{AddressBook, Origin};
use crate::link::Links;
use crate::record::Notary;
use crate::tls::server_name;
use crate::tracker::{self, TalkError};

/// The pause before the tracker is dialled again.
const RETRY: Duration = Duration::from_millis(200);

/// Registers with the tracker and returns once it has answered; goes on learning in the background for as
/// long as the peer's endpoint is open.
pub(super) async fn meet(
    links: &Links,
    tracker: TrackerAddress,
    record: PeerRecord,
    book: AddressBook,
    notary: Rc<Notary>,
) {
    let (met, mut has_met) = watch::channel(false);
    let links = links.clone();
    tokio::task::spawn_local(async move {
        while let Err(error) = follow(&links, &tracker, &record, (&book, &notary), &met).await {
            if links.are_closed() {
                return;
            }
            tracing::debug!(%error, "lost the tracker");
            tokio::time::sleep(RETRY).await;
        }
    });
    let _ = has_met.wait_for(|met| *met).await;
}

/// Registers, and learns until the tracker is lost.
async fn follow(
    links: &Links,
    tracker: &TrackerAddress,
    record: &PeerRecord,
    (book, notary): (&AddressBook, &Notary),
    met: &watch::Sender<bool>,
) -> Result<(), TalkError> {
    let (endpoint, transport) = links.endpoint();
    let name = server_name(&tracker.key);
    let connection = endpoint.connect_with(transport.client.clone(), tracker.address, &name)?.await?;
    let (mut sender, mut receiver) = connection.open_bi().await?;
    tracker::write_records(&mut sender, std::slice::from_ref(record)).await?;
    loop {
        for record in tracker::read_records(&mut receiver, |bytes| notary.decode(bytes)).await? {
            book.learn(record, Origin::Tracker);
        }
        met.send_replace(true);
    }
}
