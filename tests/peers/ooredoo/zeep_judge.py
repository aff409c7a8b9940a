#!/usr/bin/python3
"""Debian's zeep, with our WSDL in hand, on messages that the adapter sent.

  zeep_judge.py WSDL USER PASSWORD < messages.json

Each message is read by zeep's types, written again by zeep from what it read, and
compared; its UsernameToken is made again by zeep from nonce and time. Prints {"operations":
[...], "judged": N}; the first difference ends it with an error.
"""
import base64
import datetime
import json
import sys

import zeep
from lxml import etree
from zeep.wsse.username import UsernameToken

SPACES = {
    "1.1": "http://schemas.xmlsoap.org/soap/envelope/",
    "1.2": "http://www.w3.org/2003/05/soap-envelope",
}
WSS = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-%s-1.0.xsd"
WSSE, WSU = "{%s}" % (WSS % "secext"), "{%s}" % (WSS % "utility")

wsdl, user, password = sys.argv[1:4]
client = zeep.Client(wsdl)
bindings = {"1.1": "EsimSoap11", "1.2": "EsimSoap12"}


def canonical(node):
    """Without prefixes' names: they mean nothing."""
    return (node.tag, (node.text or "").strip(), sorted(node.attrib.items()),
            [canonical(child) for child in node])


def values_of(node):
    return {etree.QName(child).localname: child.text for child in node}


def same_body(version, body):
    sent = body[0]
    element = client.get_element(sent.tag)
    element.parse(sent, client.wsdl.types)
    service = client.bind("Esim", bindings[version])
    name = etree.QName(sent).localname
    values = values_of(sent)
    for key in ("release",):
        if key in values:
            values[key] = values[key] == "true"
    written = client.create_message(service, name, **values)
    again = written.find("{%s}Body" % SPACES[version])[0]
    assert canonical(again) == canonical(sent), (canonical(again), canonical(sent))


class Nonce:
    """zeep takes a nonce as text and asks it for its bytes."""

    def __init__(self, ptr):
        self.ptr = ptr

    def encode(self, _):
        return self.ptr


def same_token(header):
    token = header.find(WSSE + "Security").find(WSSE + "UsernameToken")
    created = datetime.datetime.strptime(token.findtext(WSU + "Created"),
                                         "%Y-%m-%dT%H:%M:%SZ")
    nonce = Nonce(base64.b64decode(token.findtext(WSSE + "Nonce")))
    made = UsernameToken(user, password, use_digest=True, nonce=nonce, zulu_timestamp=True,
                         created=created.replace(tzinfo=datetime.timezone.utc))
    envelope = etree.Element("{%s}Envelope" % SPACES["1.1"])
    made.apply(envelope, {})
    again = envelope.find(".//" + WSSE + "UsernameToken")
    assert canonical(again) == canonical(token), (canonical(again), canonical(token))


judged = 0
for message in json.load(sys.stdin):
    envelope = etree.fromstring(message["xml"].encode())
    space = "{%s}" % SPACES[message["version"]]
    assert envelope.tag == space + "Envelope", envelope.tag
    same_body(message["version"], envelope.find(space + "Body"))
    same_token(envelope.find(space + "Header"))
    judged += 1
ports = client.wsdl.services["Esim"].ports
operations = {name: sorted(port.binding._operations) for name, port in ports.items()}
print(json.dumps({"operations": operations, "judged": judged}))
