"""Live: events in, decisions out; an embeddable book of accounts with a store and a decision log."""
