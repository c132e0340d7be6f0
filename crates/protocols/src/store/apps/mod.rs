//! Applications: a key-value store, and the ratings of movies.
