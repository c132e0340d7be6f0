//! How much a replica bears.
