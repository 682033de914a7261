"""Devices that aren't there: what they measure, what they post, and the posting.

Law: `weather`, `device` and `fleet` are functions of a seed and of the time they are asked about, so that a start at
any moment goes on with the same readings; `client` and `run` are the only ones that wait and speak HTTP. A server is
met as any device meets it: nothing here knows more of it than its routes.
"""
