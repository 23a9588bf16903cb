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

with open(image_path, "rb") as image:
    reply = requests.post(url, files={"image": image}, timeout=30).json()

if not reply["success"]:
    sys.exit(f"Request failed: {reply['error']['message']}")

for rank, prediction in enumerate(reply["predictions"], start=1):
    print(f"{rank}. {prediction['label']}: {prediction['probability']:.4f}")
