"""Grafana's set-up as code: datasources, dashboards and an alert rule, made by Grafana's own SDK.

Law: what it makes depends on nothing but this code, so the files of `provisioning/` and `dashboards/` can be compared
with it. It needs the extra `provision` of the package; only the command line imports it.
"""
