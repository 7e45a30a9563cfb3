"""A department that consumes its own queues on RabbitMQ, with pika (pip install pika).

    AMQP=amqp://voordeur-dept-groen:…@broker.example/%2f DEPARTMENT=groen python3 queue_amqp.py

It keeps each dispatch in a SQLite file before it acknowledges, and publishes its updates under its
own key. Replace `words` by what your own system says.
"""

import json
import os
import sqlite3
import time
from datetime import date, datetime, timedelta, timezone

import pika

AMQP, DEPARTMENT = os.environ["AMQP"], os.environ["DEPARTMENT"]
PREFIX = os.environ.get("PREFIX", "voordeur")
CONTENT_TYPE = "application/cloudevents+json; charset=utf-8"

db = sqlite3.connect(os.environ.get("FILE", "department.db"))
db.execute("CREATE TABLE IF NOT EXISTS work (id TEXT PRIMARY KEY, body TEXT NOT NULL, said INTEGER NOT NULL DEFAULT 0)")


def words(dispatch):
    if dispatch["role"] == "informed":
        return [{"what": "internal_note", "text": "Seen."}]
    on = (date.today() + timedelta(days=3)).isoformat()
    return [{"what": "accept"}, {"what": "plan", "on": on}, {"what": "done", "text": "It has been done."}]


def say_everything(channel):
    """Says what was kept and not yet said; also what a crash left."""
    for rowid, body in db.execute("SELECT rowid, body FROM work WHERE said = 0 ORDER BY rowid").fetchall():
        dispatch = json.loads(body)
        for n, say in enumerate(words(dispatch)):
            now = datetime.now(timezone.utc).isoformat()
            update = {
                "id": f"{dispatch['id']}-{n}",  # the same on every try
                "department": DEPARTMENT,
                "dispatch": dispatch["id"],
                "at": now,
                "say": say,
            }
            event = {
                "specversion": "1.0",
                "id": update["id"],
                "source": f"/departments/{DEPARTMENT}",
                "type": "eu.voordeur.department.update",
                "time": now,
                "datacontenttype": "application/json",
                "data": update,
            }
            # With confirms on, this returns when the broker has it, and raises when it has not.
            channel.basic_publish(
                exchange=f"{PREFIX}.updates",
                routing_key=f"{DEPARTMENT}.{say['what']}",
                body=json.dumps(event),
                properties=pika.BasicProperties(content_type=CONTENT_TYPE, message_id=update["id"], delivery_mode=2),
                mandatory=True,
            )
            print(say["what"], dispatch["reference"], flush=True)
        with db:
            db.execute("UPDATE work SET said = 1 WHERE rowid = ?", (rowid,))


def received(channel, method, _properties, body):
    dispatch = json.loads(body)["data"]
    with db:
        db.execute("INSERT INTO work (id, body) VALUES (?, ?) ON CONFLICT DO NOTHING", (dispatch["id"], json.dumps(dispatch)))
    channel.basic_ack(method.delivery_tag)
    say_everything(channel)


def consume():
    connection = pika.BlockingConnection(pika.URLParameters(AMQP))
    channel = connection.channel()
    channel.confirm_delivery()
    channel.basic_qos(prefetch_count=16)
    say_everything(channel)
    # The queue for what is urgent first.
    for queue in (f"{PREFIX}.dept.{DEPARTMENT}.urgent", f"{PREFIX}.dept.{DEPARTMENT}"):
        channel.basic_consume(queue, received)
    print("consuming", flush=True)
    channel.start_consuming()


while True:
    try:
        consume()
    except pika.exceptions.AMQPError as error:
        print("the broker is away:", repr(error), flush=True)
        time.sleep(2)
