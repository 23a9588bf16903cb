"""
Writes into models/*.json what Keras answers when a picture, numbers or a text are prepared as each repository's author prepares
them: `keras`, on which our answer is judged, and `unlike.answer` where the author does something that no card can say.

    python scripts/wild/answers.py FOLDER [word of a repository]

Needs keras 3, tf_keras for what Keras 2 wrote, Pillow, scikit-learn, joblib, pandas, OpenCV and NLTK. FOLDER as in main.ts. What it writes is
formatted by `npx biome check --write scripts/wild`.
"""

import json
import pathlib
import sys
import zipfile

import cv2
import joblib
import numpy as np
from PIL import ImageOps

import keras
import tf_keras
from tf_keras.src.saving.saving_lib import H5IOStore

from preparing import BICUBIC, BILINEAR, LANCZOS, NEAREST, bag, fitted_file, folder, framed, ids, opencv, pixels, plain, road, scaled, stretched
from replies import binary, class_mask, classes, mask, number, picture

here = pathlib.Path(__file__).resolve().parent
word = sys.argv[2] if len(sys.argv) > 2 else ""


def columns(entry):
    """The values of one row in the order in which the author's app names them."""
    (card,) = entry["card"]["inputs"].values()
    return [[entry["question"][column["name"]] for column in card["columns"]]]


def labels(entry, output=None):
    return entry["card"]["outputs"][output]["labels"] if output else entry["card"].get("labels")


def of_classes(size, resample, mode="RGB", std=255, flat=False):
    """A picture to classes, as most do it; numbers from 0 to 1."""

    def answer(model, entry, question):
        x = pixels(question, size, resample, mode) / std
        return classes(model.predict(x.reshape(1, -1) if flat else x[None], verbose=0)[0], labels(entry))

    return answer


def of_picture(prepare, finish):
    return lambda model, entry, question: finish(model.predict(prepare(question)[None], verbose=0)[0])


def covid(model, entry, question):
    x = np.asarray(ImageOps.fit(question.convert("RGB"), (224, 224), LANCZOS), "float32") / 127.5 - 1
    return classes(model.predict(x[None], verbose=0)[0], ["covid", "normal"])


def drawing(model, entry, question):
    x = cv2.resize(np.asarray(question.convert("L")), (28, 28)).astype("float32") / 255
    return classes(model.predict(x[None, ..., None], verbose=0)[0], labels(entry))


def signs(model, entry, question):
    (x,) = question.values()
    return classes(model.predict(x[None].astype("float32"), verbose=0)[0], labels(entry))


def table(finish, scaler="scaler.pkl"):
    def answer(model, entry, question):
        x = columns(entry)
        x = scaled(entry["repository"], x, scaler) if scaler else x
        return finish(model.predict(np.asarray(x, "float32"), verbose=0)[0], entry)

    return answer


def fitted(finish, file="scaler.pkl", answers=None):
    """A row with its names, as the author's data frame has it, by a fitted object; the answer back by another."""

    def answer(model, entry, question):
        y = model.predict(framed(entry, [question], file).astype("float32"), verbose=0)
        return finish(fitted_file(entry, answers).inverse_transform(y)[0] if answers else y[0], entry)

    return answer


def chances(y, entry):
    (output,) = entry["card"]["outputs"].values()
    return binary(y, output["labels"], output.get("threshold", 0.5))


def quantity(y, entry):
    (output,) = entry["card"]["outputs"].values()
    if len(y) == 1:
        return number(y, output.get("unit"))
    return {"values": {name: float(value) for name, value in zip(output["names"], y)}}


def weeks(model, entry, question):
    (steps,) = question.values()
    y = model.predict(framed(entry, steps, "scaler_X.pkl")[None].astype("float32"), verbose=0)
    return quantity(fitted_file(entry, "scaler_y.pkl").inverse_transform(y)[0], entry)


def air(model, entry, question):
    """Eight of the fourteen columns are scaled, and those are what it gives."""
    (steps,) = question.values()
    scaler = fitted_file(entry, "scaler.pkl")
    x = np.concatenate([scaler.transform(steps[:, :8]), steps[:, 8:]], axis=1)
    return quantity(scaler.inverse_transform(model.predict(x[None].astype("float32"), verbose=0))[0], entry)


def as_it_is(finish, **padding):
    """A text by the Tokenizer beside the model, which is all that the author does."""
    return lambda model, entry, question: finish(model.predict(ids(entry, question, clean=False, **padding), verbose=0)[0], labels(entry))


def stock(model, entry, question):
    scaler = joblib.load(folder / "0hhh+Stock-Price-Predictor" / "scaler.pkl")
    x = scaler.transform(question["input_layer"][:, None])
    return number(scaler.inverse_transform(model.predict(x[None].astype("float32"), verbose=0))[0])


def series(unit):
    def answer(model, entry, question):
        x = np.asarray(question["input_layer"], "float32")
        return number(model.predict(x[None], verbose=0)[0], unit)

    return answer


def weather(model, entry, question):
    x = scaled(entry["repository"], question["input_layer"], "scaler_X.joblib")
    y = joblib.load(folder / entry["repository"].replace("/", "+") / "scaler_y.joblib")
    return number(y.inverse_transform(model.predict(x[None].astype("float32"), verbose=0))[0], "°C")


def machining(model, entry, question):
    x = scaled(entry["repository"], question["input_layer_2"], "scaler.joblib")
    tool, finished, passed = model.predict(x[None].astype("float32"), verbose=0)
    return {
        "tool_condition_output": classes(tool[0]),
        "machining_finalized_output": binary(finished[0], ["No", "Yes"]),
        "passed_visual_inspection_output": binary(passed[0], ["No", "Yes"]),
    }


def fire(model, entry, question):
    both = [scaled(entry["repository"], rows).astype("float32")[None] for rows in question.values()]
    return binary(model.predict(both, verbose=0)[0], ["No Fire Risk", "Fire Risk Detected"])


def fused(model, entry, question):
    both = [pixels(one, (256, 256), NEAREST, "L")[None] / 255 for one in question.values()]
    return picture(model.predict(both, verbose=0)[0])


def tumour(prepare):
    def answer(model, entry, question):
        image, *shape = question.values()
        x = [prepare(image)[None], scaled(entry["repository"], [shape], "shape_scaler.pkl").astype("float32")]
        return classes(model.predict(x, verbose=0)[0], labels(entry))

    return answer


def passenger(model, entry, question):
    """By the parts of the author's ColumnTransformer, which scikit-learn of today opens but does not run as a whole."""
    import pandas

    fitted = joblib.load(folder / entry["repository"].replace("/", "+") / "final_pipeline.pkl")
    (_, numbers, names), (_, categories, others) = fitted.transformers_[:2]
    (_, imputer), (_, scaler) = numbers.steps
    ((_, encoder),) = categories.steps
    row = pandas.DataFrame([question])
    known = row[names].astype("float64").fillna(dict(zip(names, imputer.statistics_)))
    codes = [[float(row[name][0] == kind) for name, kinds in zip(others, encoder.categories_) for kind in kinds]]
    x = np.concatenate([scaler.transform(known.to_numpy()), codes], axis=1)
    return binary(model.predict(x.astype("float32"), verbose=0)[0], labels(entry, "dense_1"))


def tests(model, entry, question):
    """The author fits the scaler anew at each start, to four fifths of a table beside the model."""
    import pandas
    from sklearn.model_selection import train_test_split
    from sklearn.preprocessing import StandardScaler

    rows = pandas.read_csv(folder / entry["repository"].replace("/", "+") / "suggested_tests.csv").drop(columns=["Patient ID"])
    scaler = StandardScaler().fit(train_test_split(rows, test_size=0.2, random_state=42)[0].to_numpy())
    scores = model.predict(scaler.transform([[question[name] for name in rows.columns]]), verbose=0)[0]
    order = np.argsort(-scores, kind="stable")
    return [{"label": rows.columns[at], "probability": float(scores[at]), "predicted": bool(scores[at] >= 0.5)} for at in order]


def reviews(model, entry, question):
    (ids,) = question.values()
    x = keras.utils.pad_sequences([ids], maxlen=500)
    return binary(model.predict(x, verbose=0)[0], ["Negative", "Positive"])


def faces(prepare):
    def answer(model, entry, question):
        age, gender = model.predict(prepare(question)[None] / 255, verbose=0)
        return {"age_output": number(age, "years"), "gender_output": classes(gender[0], ["Male", "Female"])}

    return answer


def generated(model, entry, question):
    inputs = [np.reshape(np.asarray(value, "float32"), (1, -1)) for value in question.values()]
    return picture(model.predict(inputs if len(inputs) > 1 else inputs[0], verbose=0)[0], 127.5, 127.5)


def text(model, entry, question):
    return binary(model.predict(np.array([question], dtype=object), verbose=0)[0], labels(entry))


def logits(model, entry, question):
    (score,) = model.predict(np.array([question], dtype=object), verbose=0)
    return binary(1 / (1 + np.exp(-score)), labels(entry))


def adapted(model, entry, question):
    """HDF5 has no vocabularies: the author sets it after loading."""
    (layer,) = (one for one in model.layers if isinstance(one, keras.layers.TextVectorization))
    (file,) = entry["beside"].values()
    layer.set_vocabulary(joblib.load(folder / entry["repository"].replace("/", "+") / file))
    return text(model, entry, question)


def sentence(finish, **fitted):
    """A text to the ids that a Tokenizer beside the model has for its words."""
    return lambda model, entry, question: finish(model.predict(ids(entry, question, **fitted), verbose=0)[0], labels(entry))


def words(model, entry, question):
    return classes(model.predict(bag(entry, question), verbose=0)[0], labels(entry))


def rating(model, entry, question):
    return number(model.predict([np.array([[question["book"]]]), np.array([[question["user"]]])], verbose=0))


lane_mask = lambda array: mask(array, "lane")  # noqa: E731
subject_mask = lambda array: mask(array, "subject")  # noqa: E731
upscaled = lambda picture: opencv(picture, (96, 96)) / 255  # noqa: E731
swapped = lambda array: picture(array[..., ::-1])  # noqa: E731

#: What is done before and after each model; the second, where there is one, is what the author does and a card can't say.
steps = {
    "2nithing/covid_flask": [covid],
    "Aman-21k/cnn-fashion-mnist-classifier": [of_classes((28, 28), BICUBIC, "L")],
    "11mahmoudd/Handwritten-Alphabets-Classification": [of_classes((28, 28), BICUBIC, "L", flat=True)],
    "DaikoneKisu/quickdrawneta": [drawing],
    "BLUEVERY8/Korean-Trafficsign-Classifier": [of_classes((30, 30), BICUBIC)],
    "20WH1A6637/SignLanguageDetection": [signs],
    "01addy/Heart-Disease-Prediction-using-ANN": [table(lambda y, entry: binary(y, labels(entry, "dense_2")))],
    "HanisHPadala/Flood-Prediction-using-ANN": [table(lambda y, entry: number(y), None)],
    "0hhh/Stock-Price-Predictor": [stock],
    "Adi-tya0311/Cryptocurrency-Price-Prediction-Project": [series("of the scaled series")],
    "im-Amrith/Lane-detection": [of_picture(lambda one: opencv(one, (80, 160))[..., ::-1], lane_mask)],
    "Harshit-Chabria/image_denoising_classification": [of_picture(lambda one: pixels(one, (32, 32), LANCZOS) / 255, picture)],
    "DanishRafid77/Age-and-Gender-Prediction": [faces(lambda one: opencv(one, (128, 128)))],
    "AaryaMehta2506/Data-Self-Driving-Car-Simulation": [
        of_picture(lambda one: pixels(one, (66, 200), BILINEAR) / 255 - 0.5, number),
        of_picture(road, number),
    ],
    "AbdallahElsayed73/Lane-Detection-task": [of_picture(lambda one: opencv(one, (128, 128)), lane_mask)],
    "SourabhR23/Denoising-using-Autoencoders": [of_picture(lambda one: pixels(one, (28, 28), BICUBIC, "L") / 255, picture)],
    "shivankarora/Deep-learning-Super-Sampling": [of_picture(lambda one: pixels(one, (128, 128), BICUBIC) / 255, picture)],
    "Strajkerr/CV_Image_Colourization": [of_picture(lambda one: pixels(one, (256, 256), NEAREST, "L") / 255, picture)],
    "aatiqaghazali/SRCNN": [
        of_picture(lambda one: pixels(one, (96, 96), BICUBIC)[..., ::-1] / 255, swapped),
        of_picture(upscaled, swapped),
    ],
    "CyberWarrior23/cifar10-streamlit-app": [
        lambda model, entry, question: classes(model.predict(opencv(question, (32, 32))[None] / 255, verbose=0)[0], labels(entry)),
    ],
    "talhazain1/auto-subject-mosaic": [
        of_picture(lambda one: opencv(one, (256, 256))[..., ::-1] / 255, subject_mask)
    ],
    "internshipkrishna/project-3-image-segmentation": [of_picture(lambda one: pixels(one, (128, 128), BICUBIC) / 255, class_mask)],
    "Divuzki/fire-prediction": [fire],
    "bharath9812/Image_Fusion": [fused],
    "RajXcoder-web/Shape-Aware-Brain_Tumor_Classification_Using_TumorBorderGeometry_and_CNNFusion": [
        tumour(lambda one: pixels(one, (128, 128), BILINEAR, "L") / 255),
        tumour(stretched),
    ],
    "SynthBlade7/Arrhythmia-Classification-using-1D-CNN": [signs],
    "danupurnomo/backend-flask-demo-zeet": [passenger],
    "Ritesh512/Crop-Prediction-App": [table(lambda y, entry: classes(y, labels(entry)), None)],
    "boga-man/BasicDCGAN": [generated],
    "VineethVuyyuru/HW_Digit_Image_Generator": [generated],
    "mujahid-afridi/Iris-ANN-Predictor": [table(lambda y, entry: classes(y, labels(entry)))],
    "MohammedSaim-Quadri/ANN-Classification-Churn": [table(lambda y, entry: binary(y, labels(entry, "dense_2")))],
    "Nikhilsimha31/house_price_api": [table(lambda y, entry: number(y))],
    "sridhar-y-g/CELL-VERSE-BAM-AI": [tests],
    "Makelek00/power_demand_forecast": [series("MW")],
    "Nandhanaa-Mathesvaran/weather-lstm": [weather],
    "sreeja-s-ds/CNC_mill_tool_wear_Prediction": [machining],
    "reshmasuresh91/streamlit_app": [reviews],
    "fiddien/flask-machine-learning-deploy": [rating],
    "sujanadhikari002-sys/Smart-Sentiment-Analyzer": [text],
    "ruteraga/Web_SpamDetector": [logits],
    "PeyvandQuanchi/LSTM-Spam-Detector": [adapted],
    "aditirao29/intent_chatbot": [sentence(classes, maxlen=25, padding="post", truncating="post")],
    "DakshKapoor05/sms-spam-detector": [sentence(binary, maxlen=100, padding="post")],
    "22ridley/COVIDChatBot": [words],
    "AaronSoggi/OreoBot": [words],
    "Mohabdo21/Simple_Chatbot": [words],
    "Abdalla-Medhat/AI-Chatbot": [sentence(classes, maxlen=20)],
    "krishnaik06/ANN-CLassification-Churn": [fitted(chances)],
    "TaskinF/End-to-End-Churn-Modelling-Binary-Classification-ANN": [fitted(chances)],
    "9tNikola/Churn-ANN-Model": [fitted(chances, "preprocessor.pkl")],
    "Altaf-Ali-git/ANN-Salary-Prediction-": [fitted(quantity, "preprocessor.pkl")],
    "Aadhya0519/ANN_END_TO_END": [fitted(lambda y, entry: classes(y, labels(entry)), "preprocessor.pkl")],
    "AlexnoniNG/predicting-student-performance-using-ann": [fitted(quantity, "preprocessor.pkl")],
    "932244priti/heart-disease-prediction": [fitted(chances, "preprocessor.pkl")],
    "065010-AmanMalhi/upi-fraud-detection-ann": [fitted(chances)],
    "takprasad/ANN-Classification-Loan-Status": [fitted(chances)],
    "Atharv-Ankushe/pune_house_DL_model": [fitted(quantity, "scaler_X.pkl", "scaler_y.pkl")],
    "DAVID316CORDOVA/Cars_Price_Model_Deployment_Heroku": [fitted(quantity, "scaler_x.pkl", "scaler_y.pkl")],
    "AlexSMFerreira/RocketNet": [fitted(quantity, "scaler_X.pkl", "scaler_y.pkl")],
    "CikguAddmath01/npk-streamlit-app": [weeks],
    "Atsaalnajwan7/Tugas7_BACKPROPAGATION-MODEL": [fitted(quantity, "scaler_X.pkl", "scaler_y.pkl")],
    "123Cryptic/diabetes_detection": [fitted(chances)],
    "ANINDASAU/graduate-admission-prediction": [fitted(quantity)],
    "04mscott/Air-Quality-App": [air],
    "149189/Spam_Detection_Web_App": [as_it_is(binary, maxlen=50, padding="post")],
    "0xSangeet/Sentiment-Analysis": [as_it_is(binary, maxlen=31, padding="post")],
    "Akhil-Pothanapalli/chatbot_keras": [as_it_is(classes, maxlen=20, truncating="post")],
    "Saikoushik14/SMS_Spam_Detector": [sentence(binary, maxlen=50, padding="post")],
}


def of_windows(get):
    """Keras 2 on Windows wrote the names of layers after backslashes, and finds them on Windows alone."""
    return lambda store, path: get(store, path if path in store.h5_file else path.replace("/", "\\"))


H5IOStore.get = of_windows(H5IOStore.get)


def load(path):
    """With the Keras of the major version that wrote it."""
    if path.suffix == ".h5":
        import h5py

        with h5py.File(path) as file:
            version = file.attrs.get("keras_version", "2")
        version = version.decode() if isinstance(version, bytes) else version
    else:
        with zipfile.ZipFile(path) as file:
            version = json.loads(file.read("metadata.json"))["keras_version"]
    return (keras if version.startswith("3") else tf_keras).models.load_model(path, compile=False)


for file in sorted(here.glob("models/*.json")):
    entry = json.loads(file.read_text())
    name = entry["repository"]
    path = folder / name.replace("/", "+") / entry["model"]
    if name not in steps or word not in name or not path.exists():
        print(f"{name}: left as it is")
        continue
    model = load(path)
    answers = [step(model, entry, plain(entry["question"])) for step in steps[name]]
    entry["keras"] = answers[0]
    if len(answers) > 1:
        entry["unlike"]["answer"] = answers[1]
    file.write_text(json.dumps(entry, indent=2, ensure_ascii=False) + "\n")
    print(name, json.dumps(answers)[:200], flush=True)
