"""A channel that publishes reports to RabbitMQ, with pika (pip install pika).

    AMQP=amqp://voordeur-channel-my-app:…@broker.example/%2f CHANNEL=my-app \\
        python3 channel_amqp.py "A deep hole in the road"

It keeps each report in a SQLite file before it publishes it, and publishes it again until the city has
answered: with the reference, or with what is wrong. A broker that is away or full costs nothing. Run it
again without words to publish what waits.
"""

import json
import os
import sqlite3
import sys
import time
import uuid

import pika

AMQP, CHANNEL = os.environ["AMQP"], os.environ["CHANNEL"]
PREFIX = os.environ.get("PREFIX", "voordeur")
CONTENT_TYPE = "application/cloudevents+json; charset=utf-8"
ANSWERS = "amq.rabbitmq.reply-to"

db = sqlite3.connect(os.environ.get("FILE", "channel.db"))
db.execute("CREATE TABLE IF NOT EXISTS report (id TEXT PRIMARY KEY, body TEXT NOT NULL, answer TEXT)")


def keep(words):
    report = {"category": "wegen/put", "words": words, "language": "en", "place": {"address": "Schoolstraat 12"}}
    with db:
        db.execute("INSERT INTO report (id, body) VALUES (?, ?)", (str(uuid.uuid4()), json.dumps(report)))


def waiting():
    return db.execute("SELECT id, body FROM report WHERE answer IS NULL").fetchall()


def answered(_channel, _method, properties, body):
    answer = json.loads(body)
    with db:
        db.execute("UPDATE report SET answer = ? WHERE id = ?", (json.dumps(answer), properties.correlation_id))
    if "reference" in answer:
        print("reference", answer["reference"], flush=True)
    for fault in answer.get("error", {}).get("errors", []):
        print("wrong", fault["field"], fault["message"], flush=True)


def publish(channel, key, body):
    """Whether the broker has it."""
    event = {
        "specversion": "1.0",
        "id": key,  # the same on every try: this is what makes it one report
        "source": f"/channels/{CHANNEL}",
        "type": "eu.voordeur.report.submitted",
        "datacontenttype": "application/json",
        "data": json.loads(body),
    }
    properties = pika.BasicProperties(
        content_type=CONTENT_TYPE, message_id=key, correlation_id=key, delivery_mode=2, reply_to=ANSWERS
    )
    try:
        # With confirms on, this returns when the broker has it.
        channel.basic_publish(f"{PREFIX}.intake", f"report.{CHANNEL}", json.dumps(event), properties, mandatory=True)
        return True
    except pika.exceptions.NackError:
        print("the broker is full", file=sys.stderr, flush=True)
        return False


def run():
    connection = pika.BlockingConnection(pika.URLParameters(AMQP))
    channel = connection.channel()
    channel.confirm_delivery()
    channel.basic_consume(ANSWERS, answered, auto_ack=True)  # before publishing, as direct reply-to wants
    while reports := waiting():
        taken = all(publish(channel, key, body) for key, body in reports)  # stops where the broker is full
        # What has no answer by then is published again: the same id is the same report.
        until = time.monotonic() + (15 if taken else 2)
        while waiting() and time.monotonic() < until:
            connection.process_data_events(time_limit=1)
    connection.close()


if len(sys.argv) > 1:
    keep(sys.argv[1])
while waiting():
    try:
        run()
    except (pika.exceptions.AMQPError, OSError) as error:
        print("the broker is away:", repr(error), file=sys.stderr)
        time.sleep(2)
