"""The peer of the accept measurement: FastAPI and SQLite from Debian's packages, doing the
same durable rows for one order (order, step, outbox, key, decisions, audit, event) with the
same settings of the database (WAL, synchronous=FULL), one transaction a request."""
import hashlib
import json
import os
import sqlite3
import threading
import time
import uuid

from fastapi import FastAPI, Header
from pydantic import BaseModel

db = sqlite3.connect(os.environ["ORDERS_DB"], check_same_thread=False, isolation_level=None)
db.execute("PRAGMA journal_mode=WAL")
db.execute("PRAGMA synchronous=FULL")
for table in ("orders", "steps", "outbox", "keys", "decisions", "audit", "events"):
    db.execute(f"CREATE TABLE {table} (tenant TEXT, id TEXT, at INTEGER, data TEXT, "
               "PRIMARY KEY (tenant, id))")
lock = threading.Lock()
app = FastAPI()
head = b""


class Device(BaseModel):
    eid: str | None = None
    imei: str | None = None


class Order(BaseModel):
    type: str
    plan: str
    carrier: str | None = None
    device: Device
    profile_type: str | None = None


def may(roles, permission):
    return "admin" in roles and permission == "order.create"


@app.post("/v1/orders", status_code=202)
def create(order: Order, idempotency_key: str = Header(), authorization: str = Header()):
    global head
    if hashlib.sha256(authorization.encode()).hexdigest() is None or not may(
            ["admin"], "order.create"):
        return {"error": "denied"}
    name, now = str(uuid.uuid4()), int(time.time() * 1000)
    text = order.model_dump_json() if hasattr(order, "model_dump_json") else order.json()
    with lock:
        db.execute("BEGIN IMMEDIATE")
        add = "INSERT INTO {} VALUES ('acme', ?, ?, ?)"
        db.execute(add.format("orders"), (name, now, text))
        db.execute(add.format("steps"), (name, now, "due"))
        db.execute(add.format("outbox"), (name, now, "atom"))
        db.execute(add.format("keys"), (idempotency_key, now, name))
        db.execute(add.format("decisions"), (name + "a", now, text))
        db.execute(add.format("decisions"), (name + "r", now, text))
        head = hashlib.sha256(head + text.encode()).digest()
        db.execute(add.format("audit"), (name, now, head.hex()))
        db.execute(add.format("events"), (name, now, json.dumps({"state": "acknowledged"})))
        db.execute("COMMIT")
    return {"id": name, "state": "acknowledged"}
