/* A libLiteRt.so whose models answer with their input: the runner's selectors can be
 * fed any scores. A model is a text file, a line a signature: KEY ELEMENTS TYPE, where
 * KEY - is the empty one; a first line "fail STEP" makes that step fail. With -DOLD
 * models are made without an environment, as in LiteRT 2.1.0 to 2.1.5; with -DSLOW an
 * inference takes a millisecond.
 */
#define _GNU_SOURCE
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef struct {
    unsigned rank : 7, has_strides : 1;
    int32_t dimensions[8];
    uint32_t strides[8];
} Layout;
typedef struct {
    int element;
    Layout layout;
} Ranked;
typedef struct {
    char key[64];
    int elements, type;
} Signature;
typedef struct {
    char fails[32];
    int count;
    Signature signatures[16];
} Model;
typedef struct {
    void *memory;
    size_t bytes;
} Buffer;

static int read_model(const char *path, void **model) {
    FILE *file = fopen(path, "r");
    Model *made = calloc(1, sizeof *made);
    char line[128];
    while (file && fgets(line, sizeof line, file) && made->count < 16) {
        Signature *one = &made->signatures[made->count];
        if (sscanf(line, "fail %31s", made->fails) == 1) continue;
        if (sscanf(line, "%63s %d %d", one->key, &one->elements, &one->type) != 3)
            break;
        if (!strcmp(one->key, "-")) one->key[0] = 0;
        made->count++;
    }
    if (file) fclose(file);
    *model = made;
    return made->count && strcmp(made->fails, "model") ? 0 : 3;
}

#ifdef OLD
int LiteRtCreateModelFromFile(const char *path, void **model) {
    return read_model(path, model);
}
#else
int LiteRtCreateModelFromFile(void *environment, const char *path, void **model) {
    return environment ? read_model(path, model) : 1;
}
int LiteRtCreateModelFromFd(void) {
    return 1;
}
#endif

int LiteRtCreateEnvironment(int count, const void *options, void **environment) {
    *environment = environment;
    return count == 2 && options ? 0 : 1;
}
int LiteRtCreateOptions(void **options) {
    *options = options;
    return 0;
}
int LiteRtSetOptionsHardwareAccelerators(void *options, int kind) {
    return options && kind == 1 ? 0 : 1;
}
int LiteRtCreateOpaqueOptions(const char *name, void *text, void (*end)(void *),
                              void **made) {
    *made = made;
    return !strcmp(name, "xnnpack") && strstr(text, "num_threads = ") && end ? 0 : 1;
}
int LiteRtAddOpaqueOptions(void *options, void *more) {
    return options && more ? 0 : 1;
}
int LiteRtCreateCompiledModel(void *environment, Model *model, void *options,
                              void **compiled) {
    *compiled = model;
    return environment && options && strcmp(model->fails, "compile") ? 0 : 5;
}
int LiteRtGetNumModelSignatures(Model *model, size_t *count) {
    *count = (size_t)model->count;
    return 0;
}
int LiteRtGetModelSignature(Model *model, size_t place, void **signature) {
    *signature = &model->signatures[place];
    return place < (size_t)model->count ? 0 : 1;
}
int LiteRtGetSignatureKey(Signature *signature, const char **key) {
    *key = signature->key;
    return 0;
}
int LiteRtGetSignatureSubgraph(Signature *signature, void **graph) {
    *graph = signature;
    return 0;
}
int LiteRtGetNumSubgraphInputs(void *graph, size_t *count) {
    *count = 1;
    return graph ? 0 : 1;
}
int LiteRtGetNumSubgraphOutputs(void *graph, size_t *count) {
    *count = 1;
    return graph ? 0 : 1;
}
int LiteRtGetSubgraphInput(void *graph, size_t place, void **tensor) {
    *tensor = graph;
    return place ? 1 : 0;
}
int LiteRtGetSubgraphOutput(void *graph, size_t place, void **tensor) {
    *tensor = graph;
    return place ? 1 : 0;
}
int LiteRtGetRankedTensorType(Signature *tensor, Ranked *type) {
    type->element = tensor->type;
    type->layout.rank = 2;
    type->layout.dimensions[0] = -1; /* a batch that is not fixed */
    type->layout.dimensions[1] = tensor->elements;
    return 0;
}
int LiteRtCreateTensorBufferFromHostMemory(const Ranked *type, void *memory, size_t bytes,
                                           void (*end)(void *), void **buffer) {
    Buffer *made = malloc(sizeof *made);
    *made = (Buffer){memory, bytes};
    *buffer = made;
    return type && end && (uintptr_t)memory % 64 == 0 ? 0 : 1;
}
int LiteRtRunCompiledModel(Model *model, size_t signature, size_t inputs, Buffer **input,
                           size_t outputs, Buffer **output) {
#ifdef SLOW
    usleep(1000);
#endif
    if (!strcmp(model->fails, "run")) return 9;
    if (!strcmp(model->fails, "crash")) abort();
    if (signature >= (size_t)model->count || inputs != 1 || outputs != 1) return 1;
    memcpy((*output)->memory, (*input)->memory, (*output)->bytes);
    return 0;
}
