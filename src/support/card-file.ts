/** The name of the model card's file. */
export const CARD_FILE = 'serve.json';
/** The most bytes that it may have: enough for the labels of ImageNet-21k ten times over. */
export const MAX_CARD_BYTES = 16 * 2 ** 20;
