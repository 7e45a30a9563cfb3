"""A department that fetches its work over HTTP with a long poll: the standard library only.

    TOKEN=… HUB=https://voordeur.example DEPARTMENT=groen python3 fetch.py

It keeps each dispatch in a SQLite file before it acknowledges, and answers with its token. Replace
`work` by what your own system does.
"""

import json
import os
import sqlite3
import time
import urllib.error
import urllib.request
from datetime import date, datetime, timedelta, timezone

HUB = os.environ.get("HUB", "http://127.0.0.1:1777").rstrip("/")
DEPARTMENT, TOKEN = os.environ["DEPARTMENT"], os.environ["TOKEN"]
BASE = f"{HUB}/api/v1/departments/{DEPARTMENT}"

db = sqlite3.connect(os.environ.get("FILE", "department.db"))
db.execute("CREATE TABLE IF NOT EXISTS work (id TEXT PRIMARY KEY, body TEXT NOT NULL, said INTEGER NOT NULL DEFAULT 0)")


def call(url, content=None):
    """Calls until the hub answers; raises when it refuses."""
    body = None if content is None else json.dumps(content).encode()
    headers = {"authorization": f"Bearer {TOKEN}", "content-type": "application/json"}
    pause = 1
    while True:
        try:
            with urllib.request.urlopen(urllib.request.Request(url, body, headers), timeout=60) as answer:
                return answer.read()
        except urllib.error.HTTPError as error:
            if error.code < 500 and error.code != 429:
                raise SystemExit(f"the hub refused: {error.code} {error.read().decode()}") from error
            pause = int(error.headers.get("retry-after", pause))
        except OSError as error:
            print("the hub is away:", error, flush=True)
        time.sleep(pause)
        pause = min(pause * 2, 60)


def keep(dispatch):
    with db:
        db.execute("INSERT INTO work (id, body) VALUES (?, ?) ON CONFLICT DO NOTHING", (dispatch["id"], json.dumps(dispatch)))


def work(dispatch):
    if dispatch["role"] == "informed":
        updates = [{"what": "internal_note", "text": "Seen."}]
    else:
        on = (date.today() + timedelta(days=3)).isoformat()
        updates = [{"what": "accept"}, {"what": "plan", "on": on}, {"what": "done", "text": "It has been done."}]
    for path in dispatch["photos"]:
        print("photo of", len(call(HUB + path)), "bytes", flush=True)
    for n, say in enumerate(updates):
        update = {
            "id": f"{dispatch['id']}-{n}",  # the same on every try
            "department": DEPARTMENT,
            "dispatch": dispatch["id"],
            "at": datetime.now(timezone.utc).isoformat(),
            "say": say,
        }
        call(f"{BASE}/updates", update)
        print(say["what"], dispatch["reference"], flush=True)


print(f"fetching from {HUB}", flush=True)
while True:
    for dispatch in json.loads(call(f"{BASE}/work?wait=20&max=10"))["work"]:
        keep(dispatch)
        call(f"{BASE}/work/ack", {"ids": [dispatch["id"]]})
    # Also what was kept before this program last stopped.
    for (body,) in db.execute("SELECT body FROM work WHERE said = 0 ORDER BY rowid").fetchall():
        dispatch = json.loads(body)
        work(dispatch)
        with db:
            db.execute("UPDATE work SET said = 1 WHERE id = ?", (dispatch["id"],))
