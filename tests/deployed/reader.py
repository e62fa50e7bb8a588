"""What the reader of docs/deploy.md fills in, and what of it the emulator cannot run."""

PHONE, ANA, BIA = "(11) 99000-2471", "(11) 99000-2472", "(11) 99000-2473"
#: What the reader fills in. The walk is that of `prod`: dev has no alarms and protects nothing.
FILLED = {
    "AWS_DEFAULT_REGION=REGION": "AWS_DEFAULT_REGION=us-east-1",
    "STAGE=dev CAMPAIGNS_STACK=alrea-campaigns-dev": "STAGE=prod CAMPAIGNS_STACK=alrea-campaigns",
    "YOUR_PHONE": PHONE,
    "PHONE_OF_ANA": ANA,
    "PHONE_OF_BIA": BIA,
    # Only that nothing waits for what the emulator does at once.
    "sleep 60": "sleep 0",
    "sleep 20": "sleep 0.2",
    "sleep 5": "sleep 0.2",
}
#: Blocks that are not run, word for word, and why.
EXCUSED = {
    "make build\n": "It builds for arm64, and CI has a stage for it; here lies what was built for "
    "this machine.",
    "git tag --force before-upgrade\ngit pull --rebase\nmake sync build\n": "There is no newer "
    "version to pull; the test puts another build in its place.",
    "git checkout before-upgrade\ngit checkout - -- samconfig.toml\nmake sync build\n": "As above; "
    "the test puts the first build back.",
}
#: The emulator gives a rule of the default bus another ARN than AWS, looking at one mapping the
#: name of listing them, and does not see of which table a restore or a tag is.
RIGHTS_IN_THE_EMULATOR = [
    {
        "Effect": "Allow",
        "Action": ["events:DisableRule", "events:EnableRule"],
        "Resource": "arn:aws:events:*:*:rule/default/alrea-campaigns*",
    },
    {
        "Effect": "Allow",
        "Action": [
            "dynamodb:RestoreTableToPointInTime",
            "dynamodb:TagResource",
            "lambda:ListEventSourceMappings",
        ],
        "Resource": "*",
    },
]
