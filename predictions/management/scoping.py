"""The options by which commands say of which predictions they tell."""

from django.core.management.base import CommandParser

from predictions.scorecards import Horizon


def add_arguments(parser: CommandParser) -> None:
    parser.add_argument("--outlet", metavar="KEY", default="", help="published there")
    parser.add_argument("--topic", metavar="KEY", default="", help="on questions of it")
    parser.add_argument(
        "--horizon",
        metavar="H",
        default="",
        help=f"how far ahead from when they were made: {', '.join(Horizon)}",
    )
    parser.add_argument("--since", metavar="DAY", default="", help="made on that day or later")
    parser.add_argument("--until", metavar="DAY", default="", help="made on that day or earlier")
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")
