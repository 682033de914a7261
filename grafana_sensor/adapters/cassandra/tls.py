"""TLS to the nodes: whom this server trusts, and by which certificate it is known itself.

Law: what can't be used is told by its parameter's name. The files are read at each login, so that a certificate that
was renewed is taken by the next one.
"""

from __future__ import annotations

import ssl
from dataclasses import dataclass

from grafana_sensor.domain.errors import BadRequest
from grafana_sensor.domain.shown import shown


@dataclass(frozen=True, slots=True)
class Tls:
    """How nodes are verified, by files of PEM.

    `named`: whether a node's certificate must name the address that it is reached by. `ca`: whose certificates are
    trusted; "" for those that the system trusts. `certificate` and `key`: this server's own; "" for none, or for a
    key that is in the certificate's file.
    """

    named: bool = True
    ca: str = ""
    certificate: str = ""
    key: str = ""

    def context(self) -> ssl.SSLContext:
        """What connections are made with. Raises BadRequest where a file can't be read, or isn't what it should be."""
        if self.key and not self.certificate:
            raise BadRequest("the parameter 'key' of a store on Cassandra wants 'certificate' beside it")
        try:
            context = ssl.create_default_context(cafile=self.ca or None)
        except OSError as error:
            raise _unusable("ca", self.ca, error) from None
        context.check_hostname = self.named
        if self.certificate:
            try:
                # Without a password of its own the library would ask for one at the terminal.
                context.load_cert_chain(self.certificate, self.key or None, password="")
            except OSError as error:
                raise _unusable("certificate", self.certificate, error) from None
        return context


def _unusable(parameter: str, file: str, error: OSError) -> BadRequest:
    # The library's own words for what is in a file tell little.
    bad = isinstance(error, ssl.SSLError)
    reason = "it isn't PEM of that, is encrypted, or key and certificate don't fit" if bad else error.strerror
    return BadRequest(f"the file of the parameter {parameter!r} of a store on Cassandra, {shown(file)}: {reason}")
