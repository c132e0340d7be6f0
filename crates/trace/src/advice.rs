//! What to do about a file that cannot be written or read.

use std::io::{Error, ErrorKind};

/// The next step for a person whose file or folder gave this error.
pub(crate) fn next_step(error: &Error) -> &'static str {
    match error.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge => {
            "free some space, record elsewhere with --record DIR, or do not record with --no-record"
        }
        ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => {
            "choose a folder that you may write to with --record DIR"
        }
        ErrorKind::NotADirectory | ErrorKind::AlreadyExists => {
            "something that is no folder stands there; choose another place with --record DIR"
        }
        ErrorKind::NotFound => "the folder is gone; was it removed while the run went on?",
        _ => "check the disk, or record elsewhere with --record DIR",
    }
}
