"""The same rules in the languages of other rule engines, so that they can be timed side by side.

`python -m benchmarks.peers` compares 45 rules over flat accounts: written once (`rules`), brought into each
peer's form (`lowering`, `ruleset`, `forms`), checked to decide alike (`checking`) and timed (`measuring`).
`translating`, `dialect`, `zen` and `datalogic` translate the typed program of `kam` for `benchmarks.decide`.
"""
