"""The tutorial's server as it is printed there, brought to Keras 3: the model comes from a file, labels are left as indices."""
import io
import os

import flask
import keras
import numpy as np
from keras.applications import imagenet_utils
from PIL import Image

app = flask.Flask(__name__)
model = None


def load_model():
    global model
    model = keras.models.load_model(os.environ["MODEL"])


def prepare_image(image, target):
    if image.mode != "RGB":
        image = image.convert("RGB")
    image = image.resize(target)
    image = keras.utils.img_to_array(image)
    image = np.expand_dims(image, axis=0)
    return imagenet_utils.preprocess_input(image)


@app.route("/predict", methods=["POST"])
def predict():
    data = {"success": False}
    if flask.request.method == "POST":
        if flask.request.files.get("image"):
            image = flask.request.files["image"].read()
            image = Image.open(io.BytesIO(image))
            image = prepare_image(image, target=(224, 224))
            preds = model.predict(image, verbose=0)
            data["predictions"] = []
            for index in preds[0].argsort()[-5:][::-1]:
                data["predictions"].append({"label": str(index), "probability": float(preds[0][index])})
            data["success"] = True
    return flask.jsonify(data)


if __name__ == "__main__":
    load_model()
    app.run(port=int(os.environ["PORT"]))
