"""The tutorial's server with rows of numbers, or texts, in the place of the image. Under gunicorn: `gunicorn -w <cores> flask_rows:app`."""
import os

import flask
import keras
import tensorflow as tf

app = flask.Flask(__name__)
model = keras.models.load_model(os.environ["MODEL"])


@app.route("/predict", methods=["POST"])
def predict():
    instances = tf.constant(flask.request.get_json()["instances"])
    return flask.jsonify({"predictions": model.predict(instances, verbose=0).tolist()})


if __name__ == "__main__":
    app.run(port=int(os.environ["PORT"]))
