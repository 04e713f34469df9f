"""The check of every exercise takes what is right, however unusual, and refuses what is wrong."""

import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from exercises.solutions import RIGHT, WRONG

FOLDER = Path(__file__).parent
EXERCISES = sorted(WRONG)
AT_ONCE = 6
"""They mostly wait for events that must not come."""


def judge(exercise):
    name, number = exercise
    done = subprocess.run(
        [sys.executable, FOLDER / "judge.py", name, str(number)],
        env={**os.environ, "PORT": "0"},
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )
    assert done.returncode == 0, f"{exercise}: {done.stderr}"
    # Handlers of a solution may print before and after it.
    return json.JSONDecoder().raw_decode(done.stdout.split("VERDICTS ")[1])[0]


@pytest.mark.promise(13)
@pytest.mark.timeout(400)
def test_each_check_judges_five_wrong_and_three_unusual_right_solutions_and_the_published_one(figure):
    assert len(EXERCISES) == 20
    assert all(len(WRONG[one]) == 5 and len(RIGHT[one]) == 3 for one in EXERCISES)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        judged = dict(zip(EXERCISES, pool.map(judge, EXERCISES), strict=True))
    mistaken = []
    for exercise, verdicts in judged.items():
        if any(verdicts["published"]):
            mistaken.append((exercise, "published", *verdicts["published"]))
        for number, (said,) in enumerate(verdicts["wrong"]):
            if not said.startswith("✗ "):
                mistaken.append((exercise, "wrong", number, "it passed"))
        for number, said in enumerate(verdicts["right"]):
            if any(said):
                mistaken.append((exercise, "right", number, *said))
    assert mistaken == []
    figure(f"{len(judged)} exercises: 100 wrong solutions refused, 60 right ones taken, twice each")
