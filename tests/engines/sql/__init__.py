"""The SQL engine as a batch user meets it: what is read, told of, kept in order and written."""
