//! The ratings of movies, for people.

pub mod data;
