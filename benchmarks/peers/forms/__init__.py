"""The same flat rules in the form of each peer, as its documentation recommends for speed."""
