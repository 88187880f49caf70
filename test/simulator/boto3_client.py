"""An independent client: reads the account as the arguments say, with boto3, and prints what it saw as JSON.

boto3_client.py ROLE_ARN EXTERNAL_ID
"""

import datetime
import json
import sys

import boto3
from botocore.exceptions import ClientError

role_arn, external_id = sys.argv[1:]
sts = boto3.client("sts")


def refused(call, **arguments):
    """The error code and HTTP status that a call is refused with."""
    try:
        call(**arguments)
        return None
    except ClientError as error:
        response = error.response
        return [response["Error"]["Code"], response["ResponseMetadata"]["HTTPStatusCode"]]


def session_client(credentials, **arguments):
    return boto3.client(
        "cloudtrail",
        aws_access_key_id=credentials["AccessKeyId"],
        aws_secret_access_key=credentials["SecretAccessKey"],
        aws_session_token=credentials["SessionToken"],
        **arguments,
    )


role = {"RoleArn": role_arn, "RoleSessionName": "boto3"}
assumed = sts.assume_role(**role, ExternalId=external_id, DurationSeconds=900)
cloudtrail = session_client(assumed["Credentials"])
now = datetime.datetime.now(datetime.timezone.utc)
window = {"StartTime": now - datetime.timedelta(days=1), "EndTime": now}
changes = [{"AttributeKey": "ReadOnly", "AttributeValue": "false"}]
pages = list(
    cloudtrail.get_paginator("lookup_events").paginate(**window, LookupAttributes=changes)
)
events = [event for page in pages for event in page["Events"]]

print(
    json.dumps(
        {
            "caller": sts.get_caller_identity()["Arn"],
            "assumed": assumed["AssumedRoleUser"]["Arn"],
            "remaining": (assumed["Credentials"]["Expiration"] - now).total_seconds(),
            "withoutExternalId": refused(sts.assume_role, **role),
            "wrongExternalId": refused(sts.assume_role, **role, ExternalId="other"),
            "forgedSecret": refused(
                session_client({**assumed["Credentials"], "SecretAccessKey": "x"}).lookup_events
            ),
            "notEnabled": refused(
                session_client(assumed["Credentials"], region_name="ap-east-1").lookup_events
            ),
            "backwards": refused(
                cloudtrail.lookup_events, StartTime=now, EndTime=now - datetime.timedelta(days=1)
            ),
            "unknownToken": refused(cloudtrail.lookup_events, NextToken="x"),
            "pages": [len(page["Events"]) for page in pages],
            "ids": [event["EventId"] for event in events],
            "first": {**events[0], "EventTime": events[0]["EventTime"].timestamp()},
            "trails": [trail["Name"] for trail in cloudtrail.describe_trails()["trailList"]],
        }
    )
)
