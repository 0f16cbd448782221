"""What a user gets from rulesets as written: right ones read, wrong ones told of."""
