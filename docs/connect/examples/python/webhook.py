"""A department behind a webhook: the standard library only.

    SECRET=whsec_… TOKEN=… HUB=https://voordeur.example DEPARTMENT=groen python3 webhook.py

It keeps each dispatch in a SQLite file before it answers, knows one again that comes twice, fetches
its photos, and says by signed callback that it accepts, plans and has done the work. Replace `work`
by what your own system does.
"""

import base64
import hashlib
import hmac
import json
import os
import sqlite3
import threading
import time
import urllib.error
import urllib.request
from datetime import date, datetime, timedelta, timezone
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

SECRETS = [base64.b64decode(s.removeprefix("whsec_")) for s in os.environ["SECRET"].split()]
TOKEN = os.environ.get("TOKEN", "")
HUB = os.environ.get("HUB", "http://127.0.0.1:1777").rstrip("/")
DEPARTMENT = os.environ["DEPARTMENT"]
PORT = int(os.environ.get("PORT", "1778"))
FILE = os.environ.get("FILE", "department.db")
WINDOW = 300  # seconds that a signature may be old


def database():
    db = sqlite3.connect(FILE, timeout=30)
    db.execute("CREATE TABLE IF NOT EXISTS work (id TEXT PRIMARY KEY, body TEXT NOT NULL, said INTEGER NOT NULL DEFAULT 0)")
    return db


def sign(secret, message_id, timestamp, body):
    code = hmac.new(secret, f"{message_id}.{timestamp}.".encode() + body, hashlib.sha256).digest()
    return "v1," + base64.b64encode(code).decode()


def is_genuine(headers, body):
    message_id, timestamp = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    if not timestamp.isdigit() or abs(time.time() - int(timestamp)) > WINDOW:
        return False
    given = headers.get("webhook-signature", "").split(" ")
    return any(
        hmac.compare_digest(sign(secret, message_id, timestamp, body), one) for secret in SECRETS for one in given
    )


class Handler(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        if not is_genuine(self.headers, body):
            return self.answer(401, {"error": "the signature does not fit"})
        dispatch = json.loads(body)["data"]
        with database() as db:  # committed when the block ends: before the answer
            new = db.execute(
                "INSERT INTO work (id, body) VALUES (?, ?) ON CONFLICT DO NOTHING", (dispatch["id"], json.dumps(dispatch))
            ).rowcount
            number = db.execute("SELECT rowid FROM work WHERE id = ?", (dispatch["id"],)).fetchone()[0]
        self.answer(200, {"receipt": f"PY-{number}"})
        if new:
            threading.Thread(target=work, args=(dispatch,)).start()

    def answer(self, status, content):
        body = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass  # the path and the address of the caller are nobody's business


def work(dispatch):
    if dispatch["role"] == "informed":
        updates = [{"what": "internal_note", "text": "Seen."}]
    else:
        on = (date.today() + timedelta(days=3)).isoformat()
        updates = [{"what": "accept"}, {"what": "plan", "on": on}, {"what": "done", "text": "It has been done."}]
    for path in dispatch["photos"]:
        fetch_photo(path)
    for n, say in enumerate(updates):
        callback(dispatch, n, say)
    with database() as db:
        db.execute("UPDATE work SET said = 1 WHERE id = ?", (dispatch["id"],))


def fetch_photo(path):
    request = urllib.request.Request(HUB + path, headers={"authorization": f"Bearer {TOKEN}"})
    with urllib.request.urlopen(request, timeout=30) as answer:
        print("photo of", len(answer.read()), "bytes", flush=True)


def callback(dispatch, n, say):
    update = {
        "id": f"{dispatch['id']}-{n}",  # the same on every try
        "department": DEPARTMENT,
        "dispatch": dispatch["id"],
        "at": datetime.now(timezone.utc).isoformat(),
        "say": say,
    }
    body, pause = json.dumps(update).encode(), 1
    while True:
        now = str(int(time.time()))  # signed anew on every try
        headers = {
            "content-type": "application/json",
            "webhook-id": update["id"],
            "webhook-timestamp": now,
            "webhook-signature": sign(SECRETS[0], update["id"], now, body),
        }
        url = f"{HUB}/api/v1/departments/{DEPARTMENT}/callback"
        try:
            with urllib.request.urlopen(urllib.request.Request(url, body, headers), timeout=30):
                print(say["what"], dispatch["reference"], flush=True)
                return
        except urllib.error.HTTPError as error:
            if error.code < 500 and error.code != 429:
                print(say["what"], "was refused:", error.read().decode(), flush=True)
                return
            pause = int(error.headers.get("retry-after", pause))
        except OSError as error:
            print("the hub is away:", error, flush=True)
        time.sleep(pause)
        pause = min(pause * 2, 60)


def unfinished():
    """What was kept and not finished when this program stopped is finished now."""
    with database() as db:
        return [json.loads(body) for (body,) in db.execute("SELECT body FROM work WHERE said = 0")]


if __name__ == "__main__":
    for dispatch in unfinished():
        threading.Thread(target=work, args=(dispatch,)).start()
    print(f"listening on port {PORT}", flush=True)
    ThreadingHTTPServer(("127.0.0.1", PORT), Handler).serve_forever()
