"""The wire contracts of Grafana's simPod JSON and simple-json plugins: the only place that knows their field names.

Law: pure, both ways: bodies to questions (requests, targets), answers to bodies (series, options, events). What a plugin
sends beyond its contract is left aside, and what it leaves out is never an error where an answer is possible without.
"""
