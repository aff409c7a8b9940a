#!/usr/bin/python3
"""Debian's spyne as the carrier's server: types written here by hand, not read from our
WSDL, so that both judges do not share one document. Prints its address as JSON.

  spyne_carrier.py 1.1|1.2 CERT KEY USER PASSWORD

SIGTERM ends it; the last line then tells what it was asked and what it did.
"""
import base64
import hashlib
import json
import logging
import signal
import ssl
import sys
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server
from socketserver import ThreadingMixIn

from spyne import (Application, Boolean, ComplexModel, DateTime, Fault, ServiceBase,
                   Unicode, UnsignedLong, rpc)
from spyne.protocol.soap import Soap11, Soap12
from spyne.server.wsgi import WsgiApplication

SPACE = "urn:esimd:carrier:1"
WSS = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-%s-1.0.xsd"
WSSE, WSU = "{%s}" % (WSS % "secext"), "{%s}" % (WSS % "utility")

version, cert, key, user, password = sys.argv[1:6]
profiles, references, lines, nonces = {}, {}, {}, set()
asked, effects = [], []


class Result(ComplexModel):
    __namespace__ = SPACE
    _type_info = [("code", Unicode(min_occurs=1)), ("text", Unicode)]


class Profile(ComplexModel):
    __namespace__ = SPACE
    _type_info = [("iccid", Unicode(min_occurs=1)), ("clientReference", Unicode),
                  ("eid", Unicode), ("state", Unicode), ("matchingId", Unicode),
                  ("smdpAddress", Unicode), ("activationCode", Unicode)]


class Line(ComplexModel):
    __namespace__ = SPACE
    _type_info = [("msisdn", Unicode(min_occurs=1)), ("lineState", Unicode(min_occurs=1))]


class Record(ComplexModel):
    __namespace__ = SPACE
    _type_info = [("from", DateTime), ("to", DateTime), ("bytesDown", UnsignedLong),
                  ("bytesUp", UnsignedLong)]


def reply(code, text=None):
    return Result(code=code, text=text)


def admit(ctx):
    """The header as the profile defines it, checked with Python's own digest."""
    header = ctx.in_header_doc
    blocks = [] if header is None else list(header)
    token = next((b.find(WSSE + "UsernameToken") for b in blocks
                  if b.tag == WSSE + "Security"), None)
    if token is None:
        raise Fault("Client.Authentication", "no token")
    nonce = base64.b64decode(token.findtext(WSSE + "Nonce"), validate=True)
    created = token.findtext(WSU + "Created")
    digest = hashlib.sha1(nonce + created.encode() + password.encode()).digest()
    given = token.findtext(WSSE + "Password")
    if (nonce in nonces or token.findtext(WSSE + "Username") != user
            or base64.b64decode(given) != digest):
        raise Fault("Client.Authentication", "refused")
    nonces.add(nonce)


def note(ctx):
    asked.append(ctx.method_request_string.split("}")[-1])
    admit(ctx)


PROFILE = {"_returns": [Result, Profile], "_out_variable_names": ["result", "profile"]}
LINE = {"_returns": [Result, Line], "_out_variable_names": ["result", "line"]}
MUST = Unicode(min_occurs=1, min_len=1)


class Carrier(ServiceBase):
    @rpc(MUST, MUST, Unicode, Unicode, Unicode, Unicode, Unicode, Unicode, **PROFILE)
    def OrderProfile(ctx, requestId, clientReference, profileType, iccid, eid, imei,
                     msisdn, plan):
        if clientReference in references:
            return reply("409"), None
        if profileType == "BUSY":
            raise Fault("Server", "busy", detail={
                "{%s}carrierFault" % SPACE: {"{%s}code" % SPACE: "410"}})
        found = Profile(iccid=iccid or "895995%012d8" % len(profiles), eid=eid,
                        state="Linked" if eid else "Allocated",
                        clientReference=clientReference)
        profiles[found.iccid] = references[clientReference] = found
        effects.append("order %s" % clientReference)
        return reply("0"), found

    @rpc(MUST, MUST, Unicode, Unicode, Unicode, Unicode, Boolean, **PROFILE)
    def ConfirmProfile(ctx, requestId, iccid, eid, matchingId, confirmationCode,
                       smdsAddress, release):
        found = profiles.get(iccid)
        if found is None:
            return reply("404"), None
        found.state = "Released" if release else "Confirmed"
        found.matchingId = matchingId or "SPYNE-%d" % len(effects)
        found.smdpAddress = "smdp.spyne.example"
        effects.append("confirm %s" % iccid)
        return reply("0", "\u1019\u103c & <ok>"), found

    @rpc(MUST, Unicode, Unicode, **PROFILE)
    def QueryProfile(ctx, requestId, clientReference, iccid):
        found = references.get(clientReference) if clientReference else profiles.get(iccid)
        return (reply("0"), found) if found else (reply("404"), None)

    @rpc(MUST, Unicode, MUST, Unicode, Unicode, Unicode, **LINE)
    def ActivateLine(ctx, requestId, clientReference, msisdn, iccid, eid, plan):
        if plan == "strange":
            raise Fault("Client.Plan", "no such plan")
        lines[msisdn] = "ACTIVE"
        return reply("0"), Line(msisdn=msisdn, lineState="ACTIVE")

    @rpc(MUST, Unicode, MUST, Unicode, **LINE)
    def SuspendLine(ctx, requestId, clientReference, msisdn, reason):
        if msisdn not in lines:
            return reply("404"), None
        lines[msisdn] = "SUSPENDED"
        return reply("0"), Line(msisdn=msisdn, lineState="SUSPENDED")

    @rpc(MUST, Unicode, Unicode, DateTime, DateTime,
         _returns=[Result, Record.customize(max_occurs="unbounded")],
         _in_arg_names={"since": "from", "until": "to"},
         _out_variable_names=["result", "record"])
    def ReadUsage(ctx, requestId, msisdn, iccid, since, until):
        return reply("0"), [Record(**{"from": since, "to": until, "bytesDown": 2 ** 53 + 1})]


Carrier.event_manager.add_listener("method_call", note)


class Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True

    def get_request(self):
        connection, address = super().get_request()
        return tls.wrap_socket(connection, server_side=True), address


class Quiet(WSGIRequestHandler):
    def log_message(self, *args):
        pass


logging.disable(logging.CRITICAL)
protocol = Soap12 if version == "1.2" else Soap11
service = Application([Carrier], SPACE, in_protocol=protocol(validator="lxml"),
                      out_protocol=protocol())
tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
tls.load_cert_chain(cert, key)
server = make_server("127.0.0.1", 0, WsgiApplication(service), Server, Quiet)
signal.signal(signal.SIGTERM, lambda *_: (_ for _ in ()).throw(SystemExit))
print(json.dumps({"address": "127.0.0.1:%d" % server.server_port}), flush=True)
try:
    server.serve_forever(poll_interval=0.05)
except SystemExit:
    print(json.dumps({"asked": asked, "effects": effects}), flush=True)
