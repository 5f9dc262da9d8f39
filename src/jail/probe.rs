//! Which layers this host gives.
