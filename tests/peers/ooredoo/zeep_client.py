#!/usr/bin/python3
"""Debian's zeep as a client, with our WSDL in hand: it writes the requests and reads the
replies by that document, and raises at what does not fit.

  zeep_client.py WSDL ADDRESS CA USER PASSWORD

Walks through every operation by both bindings. Prints {"1.1": {...}, "1.2": {...}}: the
code of each answer, and what matters in it.
"""
import json
import sys
import uuid

import requests
import zeep
from zeep.wsse.username import UsernameToken

wsdl, address, ca, user, password = sys.argv[1:6]
EID = "89001012012341234012345678901224"


def walk(binding):
    session = requests.Session()
    session.verify = ca
    session.trust_env = False  # No proxy and no other authorities than that one.
    client = zeep.Client(wsdl, transport=zeep.transports.Transport(session=session),
                         wsse=UsernameToken(user, password, use_digest=True))
    service = client.create_service("{urn:esimd:carrier:1}" + binding,
                                    "https://%s/soap/esim" % address)
    told = {}

    def ask(key, name, **values):
        reply = getattr(service, name)(requestId=str(uuid.uuid4()), **values)
        told[key] = reply["result"]["code"]
        return reply

    reference, number = str(uuid.uuid4()), "+9599%d" % (int(binding[-1]) + 7000000)
    first = ask("order", "OrderProfile", clientReference=reference, profileType="P1",
                eid=EID)["profile"]
    ask("order again", "OrderProfile", clientReference=reference, profileType="P1")
    ask("order other type", "OrderProfile", clientReference="x", profileType="P9")
    ask("order taken", "OrderProfile", clientReference="y", iccid=first["iccid"])
    found = ask("find", "QueryProfile", clientReference=reference)["profile"]
    assert found["iccid"] == first["iccid"] and found["state"] == "Linked", found
    ask("find nothing", "QueryProfile", clientReference="nothing")
    confirmed = ask("confirm", "ConfirmProfile", iccid=first["iccid"],
                    release=True)["profile"]
    assert confirmed["matchingId"] and confirmed["state"] == "Released", confirmed
    ask("confirm again", "ConfirmProfile", iccid=first["iccid"])
    ask("cancel", "CancelProfile", iccid=first["iccid"], finalState="Available")
    ask("suspend nothing", "SuspendLine", msisdn=number)
    for key, name in (("activate", "ActivateLine"), ("suspend", "SuspendLine"),
                      ("suspend again", "SuspendLine"), ("resume", "ResumeLine")):
        line = ask(key, name, msisdn=number)["line"]
        assert line["msisdn"] == number, line
    usage = ask("usage", "ReadUsage", msisdn=number, **{
        "from": "2026-01-01T00:00:00Z", "to": "2026-01-02T00:00:00Z"})["record"]
    assert len(usage) == 1 and usage[0]["bytesDown"] >= 0, usage
    ask("terminate", "TerminateLine", msisdn=number)
    ask("resume ended", "ResumeLine", msisdn=number)
    return told


print(json.dumps({"1.1": walk("EsimSoap11"), "1.2": walk("EsimSoap12")}))
