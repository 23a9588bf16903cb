import type { FastifyPluginAsync, FastifyReply, FastifyRequest } from 'fastify';
import {
  InferenceHeaders,
  InferenceRequest,
  InferenceResponse,
  RequestInput,
  RequestOutput,
  ResponseOutput,
} from '../../schemas/open-inference.js';
import { protocolErrorReplies, runErrors } from '../../schemas/protocol-error.js';
import { referTo } from '../../schemas/reference.js';
import { movable, sendPieces } from '../json-reply.js';
import { rawBodyOf } from '../raw-body.js';
import { runModel } from '../run-model.js';
import { findModel, type NamedVersion, tags, ways } from './open-inference-models.js';

/** What follows the JSON is read in next to no time, up to so many bytes. */
const smallBinary = 4 * 2 ** 20;

const binaryBody = {
  type: 'string',
  format: 'binary',
  description: 'The JSON, as many bytes as the header `Inference-Header-Content-Length` says, then the tensors.',
};

/** `POST /v2/models/{model}[/versions/{version}]/infer`. */
const infer: FastifyPluginAsync = async (app) => {
  for (const schema of [RequestInput, RequestOutput, InferenceRequest, ResponseOutput, InferenceResponse])
    app.addSchema(schema);

  for (const { path, suffix, params, which } of ways)
    app.post(
      `/v2/models/:model${path}/infer`,
      {
        // What reads requests checks them.
        validatorCompiler: () => () => true,
        schema: {
          operationId: `infer${suffix}`,
          tags,
          summary: `Run ${which}`,
          description:
            'Tensors in, tensors out. Their elements are in the JSON, or follow it as bytes (the binary tensor data extension); ' +
            'so are those of the reply. A model that takes images also takes image files, as BYTES.',
          params,
          headers: InferenceHeaders,
          body: {
            content: {
              'application/json': { schema: referTo(InferenceRequest) },
              'application/octet-stream': { schema: binaryBody },
            },
          },
          response: {
            200: {
              description: 'What the model gave.',
              content: {
                'application/json': { schema: referTo(InferenceResponse) },
                'application/octet-stream': { schema: binaryBody },
              },
            },
            ...protocolErrorReplies(...runErrors),
          },
        },
      },
      async (request, reply) => run(request, reply),
    );

  async function run(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    const params = request.params as NamedVersion;
    const { model, version } = findModel(app.catalog, params);
    const jsonLength = request.headers['inference-header-content-length'] as string | undefined;
    const { pieces: body, size, buffers } = rawBodyOf(request);
    const signature = { inputs: model.inputs, outputs: model.outputs };
    const parsed = { body, jsonLength, signature, takesImages: model.image !== undefined };
    const toRead = size > smallBinary ? size : Number(jsonLength ?? size) || 0;
    const { id, input, outputs } = await app.json.run(request, 'parseInference', parsed, toRead, buffers);
    const given = movable(await runModel(app, request, model, input));
    const { json, binary } = await app.json.run(
      request,
      'writeInference',
      {
        modelName: params.model,
        modelVersion: version,
        id,
        tensors: given.tensors,
        outputs,
        classes: { output: model.outputs[0]!.name, labels: model.card.labels ?? [] },
      },
      outputs.every(({ binary }) => binary) ? 0 : given.size,
      given.transfer,
    );
    if (binary.length === 0) return sendPieces(reply.type('application/json; charset=utf-8'), json);
    const length = json.reduce((sum, piece) => sum + piece.length, 0);
    reply.type('application/octet-stream').header('inference-header-content-length', length);
    return sendPieces(reply, [...json, ...binary]);
  }
};

export default infer;
