"""Asks a running keras-serve what is on an image.

    pip install requests
    python simple_request.py [image] [url]
"""

import os
import sys

import requests

here = os.path.dirname(os.path.abspath(__file__))
image_path = sys.argv[1] if len(sys.argv) > 1 else os.path.join(here, "cat.jpg")
url = sys.argv[2] if len(sys.argv) > 2 else "http://localhost:5000/predict"

try:
    with open(image_path, "rb") as image:
        response = requests.post(url, files={"image": image}, timeout=30)
except requests.ConnectionError:
    sys.exit(f"Request failed: no server answers at {url}")
except requests.RequestException as error:
    sys.exit(f"Request failed: {error}")
except OSError as error:
    sys.exit(f"{image_path}: {error.strerror}")

try:
    reply = response.json()
except ValueError:
    sys.exit(f"Request failed: what answers at {url} is not keras-serve (status {response.status_code})")

if "predictions" not in reply:
    error = reply.get("error", response.reason)
    sys.exit(f"Request failed: {error['message'] if isinstance(error, dict) else error}")

for rank, prediction in enumerate(reply["predictions"], start=1):
    print(f"{rank}. {prediction['label']}: {prediction['probability']:.4f}")
