"""A channel that sends reports over HTTP. Nothing beside Python is needed.

    HUB=https://stad.example python3 channel_http.py "A deep hole in the road" [photo.jpg]

It keeps each report in a SQLite file before it sends it, and sends it until the city has it: a lost
answer, a restart or a city that is away costs nothing. Run it again without words to send what waits.
"""

import json
import os
import sqlite3
import sys
import time
import urllib.error
import urllib.request
import uuid

HUB, CHANNEL_KEY = os.environ["HUB"], os.environ.get("CHANNEL_KEY")

db = sqlite3.connect(os.environ.get("FILE", "channel.db"))
db.execute("CREATE TABLE IF NOT EXISTS report (id TEXT PRIMARY KEY, body TEXT NOT NULL, answer TEXT)")


def call(path, body, headers):
    if CHANNEL_KEY:
        headers["Authorization"] = f"Bearer {CHANNEL_KEY}"
    request = urllib.request.Request(HUB + path, body, headers)
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.load(answer)


def keep(words, photo):
    report = {"category": "wegen/put", "words": words, "language": "en", "place": {"address": "Schoolstraat 12"}}
    if photo:
        with open(photo, "rb") as file:
            report["photos"] = [call("/api/v1/photos", file.read(), {"Content-Type": "image/jpeg"})["id"]]
    with db:
        db.execute("INSERT INTO report (id, body) VALUES (?, ?)", (str(uuid.uuid4()), json.dumps(report)))


def send(key, body):
    """Sends one report until the city has it. The key is the same on every try."""
    headers = {"Content-Type": "application/json", "Idempotency-Key": key}
    while True:
        try:
            return call("/api/v1/reports", body.encode(), headers)
        except urllib.error.HTTPError as error:
            if error.code not in (408, 429, 500, 502, 503, 504):
                return {"problem": json.load(error)}  # ours to mend: trying again changes nothing
            wait = int(error.headers.get("Retry-After") or 5)
        except OSError as error:
            print("the city is away:", error, file=sys.stderr)
            wait = 5
        time.sleep(wait)


if len(sys.argv) > 1:
    keep(sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else None)
for key, body in db.execute("SELECT id, body FROM report WHERE answer IS NULL").fetchall():
    answer = send(key, body)
    with db:
        db.execute("UPDATE report SET answer = ? WHERE id = ?", (json.dumps(answer), key))
    for fault in answer.get("problem", {}).get("errors", []):
        print("wrong", fault["field"], fault["message"], flush=True)
    if "reference" in answer:
        print("reference", answer["reference"], answer["tracking_url"], flush=True)
