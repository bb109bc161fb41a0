/* LiteRT, declared by hand: a model is loaded, a signature run. Included by runner.c. */

/* ---- LiteRT ---------------------------------------------------------------------- */

typedef int Status;
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
    int type;
    union {
        int64_t integer;
        const void *pointer;
    } value;
} Any;
typedef struct {
    int tag;
    Any value;
} EnvironmentOption;

enum {
    ANY_INTEGER = 2,
    OPTION_ACCELERATORS = 24, /* which are registered */
    OPTION_LOG_SEVERITY = 25,
    CPU = 1,
    ERRORS = 3
};

static struct {
    Status (*CreateEnvironment)(int, const EnvironmentOption *, void **);
    void (*CreateModelFromFile)(void); /* two forms, see load_file */
    Status (*CreateOptions)(void **);
    Status (*SetOptionsHardwareAccelerators)(void *, int);
    Status (*CreateOpaqueOptions)(const char *, void *, void (*)(void *), void **);
    Status (*AddOpaqueOptions)(void *, void *);
    Status (*CreateCompiledModel)(void *, void *, void *, void **);
    Status (*GetNumModelSignatures)(void *, size_t *);
    Status (*GetModelSignature)(void *, size_t, void **);
    Status (*GetSignatureKey)(void *, const char **);
    Status (*GetSignatureSubgraph)(void *, void **);
    Status (*GetNumSubgraphInputs)(void *, size_t *);
    Status (*GetNumSubgraphOutputs)(void *, size_t *);
    Status (*GetSubgraphInput)(void *, size_t, void **);
    Status (*GetSubgraphOutput)(void *, size_t, void **);
    Status (*GetRankedTensorType)(void *, Ranked *);
    Status (*CreateTensorBufferFromHostMemory)(const Ranked *, void *, size_t,
                                               void (*)(void *), void **);
    Status (*RunCompiledModel)(void *, size_t, size_t, void **, size_t, void **);
    bool environment_first; /* of CreateModelFromFile */
    void *environment;
} litert;

static void load_symbol(void *library, const char *name, void *function) {
    char full[96];
    snprintf(full, sizeof full, "LiteRt%s", name);
    void *found = dlsym(library, full);
    if (!found)
        fail(EXIT_LIBRARY, "the library lacks %s; expected LiteRT 2.1.0 to 2.3.0", full);
    memcpy(function, &found, sizeof found);
}

static void load_symbols(void *library) {
#define SYMBOL(name) load_symbol(library, #name, &litert.name)
    SYMBOL(CreateEnvironment);
    SYMBOL(CreateModelFromFile);
    SYMBOL(CreateOptions);
    SYMBOL(SetOptionsHardwareAccelerators);
    SYMBOL(CreateOpaqueOptions);
    SYMBOL(AddOpaqueOptions);
    SYMBOL(CreateCompiledModel);
    SYMBOL(GetNumModelSignatures);
    SYMBOL(GetModelSignature);
    SYMBOL(GetSignatureKey);
    SYMBOL(GetSignatureSubgraph);
    SYMBOL(GetNumSubgraphInputs);
    SYMBOL(GetNumSubgraphOutputs);
    SYMBOL(GetSubgraphInput);
    SYMBOL(GetSubgraphOutput);
    SYMBOL(GetRankedTensorType);
    SYMBOL(CreateTensorBufferFromHostMemory);
    SYMBOL(RunCompiledModel);
#undef SYMBOL
}

static void open_library(const char *path) {
    void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (!library) fail(EXIT_LIBRARY, "%s", dlerror());
    load_symbols(library);
    /* from 2.1.6 on, which brought this function, models take the environment first */
    litert.environment_first = dlsym(library, "LiteRtCreateModelFromFd") != NULL;
    EnvironmentOption options[2] = {
        {OPTION_ACCELERATORS, {ANY_INTEGER, {.integer = CPU}}},
        {OPTION_LOG_SEVERITY, {ANY_INTEGER, {.integer = ERRORS}}}};
    Status status = litert.CreateEnvironment(2, options, &litert.environment);
    if (status) fail(EXIT_LIBRARY, "LiteRtCreateEnvironment: status %d", status);
}

static void model_step(Status status, const char *file, const char *what) {
    if (status) fail(EXIT_MODEL, "%s: %s: LiteRtStatus %d", file, what, status);
}

static void *open_model(const char *name) {
    typedef Status (*WithEnvironment)(void *, const char *, void **);
    typedef Status (*Plain)(const char *, void **);
    void *model = NULL;
    int file = open(name, O_RDONLY); /* the library says no more than a number */
    if (file < 0) fail(EXIT_MODEL, "%s: cannot be opened", name);
    close(file);
    Status status =
        litert.environment_first
            ? ((WithEnvironment)litert.CreateModelFromFile)(litert.environment, name,
                                                            &model)
            : ((Plain)litert.CreateModelFromFile)(name, &model);
    model_step(status, name, "not a .tflite model");
    return model;
}

static void keep(void *memory) {
    (void)memory; /* LiteRT asks for a function that frees; the text is static */
}

static void *compiled(const char *name, void *model, int threads) {
    static char setting[64];
    void *options = NULL, *xnnpack = NULL, *made = NULL;
    model_step(litert.CreateOptions(&options), name, "options");
    model_step(litert.SetOptionsHardwareAccelerators(options, CPU), name, "CPU");
    if (threads) {
        snprintf(setting, sizeof setting, "num_threads = %d\n", threads);
        model_step(litert.CreateOpaqueOptions("xnnpack", setting, keep, &xnnpack), name,
                   "threads");
        model_step(litert.AddOpaqueOptions(options, xnnpack), name, "threads");
    }
    model_step(litert.CreateCompiledModel(litert.environment, model, options, &made),
               name, "compiling");
    return made;
}

/* kB from /proc/self/status. getrusage would count what ran here before exec. */
static long status_kb(const char *key) {
    char text[4096];
    int file = open("/proc/self/status", O_RDONLY);
    ssize_t length = file < 0 ? -1 : read(file, text, sizeof text - 1);
    if (file >= 0) close(file);
    if (length <= 0) return -1;
    text[length] = 0;
    char *found = strstr(text, key);
    return found ? strtol(found + strlen(key), NULL, 10) : -1;
}

static void *load_file(File *file, int threads) {
    int64_t start = now_ns();
    void *model = open_model(file->name);
    file->compiled = compiled(file->name, model, threads);
    file->load_ns = now_ns() - start;
    file->resident_kb = status_kb("VmRSS:");
    return model;
}

static size_t find_signature(void *model, const Net *net, const char *file) {
    size_t count = 0;
    model_step(litert.GetNumModelSignatures(model, &count), file, "signatures");
    for (size_t place = 0; place < count; place++) {
        void *signature = NULL;
        const char *key = "";
        model_step(litert.GetModelSignature(model, place, &signature), file, "signature");
        model_step(litert.GetSignatureKey(signature, &key), file, "signature");
        if (!strcmp(key, net->signature)) return place;
    }
    if (*net->signature)
        fail(EXIT_MODEL, "%s: has no signature %.80s", file, net->signature);
    if (count > 1) fail(EXIT_MODEL, "%s: has %zu signatures; name one", file, count);
    return 0;
}

static void *tensor_buffer(void *tensor, enum dtype dtype, size_t elements,
                           const char *file, void **memory) {
    enum { ALIGNMENT = 64 }; /* LiteRT takes host memory at such places only */
    Ranked type;
    void *buffer = NULL;
    memset(&type, 0, sizeof type);
    model_step(litert.GetRankedTensorType(tensor, &type), file, "tensor");
    size_t count = 1;
    for (unsigned place = 0; place < type.layout.rank && place < 8; place++) {
        if (type.layout.dimensions[place] < 0) type.layout.dimensions[place] = 1;
        count *= (size_t)type.layout.dimensions[place];
    }
    if (type.element != DTYPE_LITERT[dtype] || count != elements)
        fail(EXIT_MODEL, "%s: a tensor has %zu elements of type %d; expected %zu %s",
             file, count, type.element, elements, DTYPE_NAMES[dtype]);
    size_t bytes = elements * DTYPE_BYTES[dtype];
    size_t room = (bytes + 2 * ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    if (posix_memalign(memory, ALIGNMENT, room)) fail(EXIT_RUN, "out of memory");
    memset(*memory, 0, room);
    model_step(litert.CreateTensorBufferFromHostMemory(&type, *memory, bytes, keep,
                                                       &buffer),
               file, "tensor buffer");
    return buffer;
}

static void load_net(Net *net, void *model, const char *file) {
    void *signature = NULL, *graph = NULL, *tensor = NULL;
    size_t inputs = 0, outputs = 0;
    net->signature_index = find_signature(model, net, file);
    model_step(litert.GetModelSignature(model, net->signature_index, &signature), file,
               "signature");
    model_step(litert.GetSignatureSubgraph(signature, &graph), file, "graph");
    model_step(litert.GetNumSubgraphInputs(graph, &inputs), file, "inputs");
    model_step(litert.GetNumSubgraphOutputs(graph, &outputs), file, "outputs");
    if (inputs != 1 || outputs != 1)
        fail(EXIT_MODEL, "%s: %zu inputs and %zu outputs; expected one of each", file,
             inputs, outputs);
    model_step(litert.GetSubgraphInput(graph, 0, &tensor), file, "input");
    net->input = tensor_buffer(tensor, net->input_dtype, net->inputs, file,
                               &net->input_memory);
    model_step(litert.GetSubgraphOutput(graph, 0, &tensor), file, "output");
    net->output = tensor_buffer(tensor, net->output_dtype, net->outputs, file,
                                &net->output_memory);
}

/* ns of one inference; the copy of the input is not in it. */
static int64_t run_net(Script *script, Net *net, uint64_t image) {
    File *file = &script->file[net->file];
    read_packed(&net->packed, image, net->input_memory, net->tensors);
    int64_t start = now_ns();
    Status status = litert.RunCompiledModel(file->compiled, net->signature_index, 1,
                                            &net->input, 1, &net->output);
    int64_t taken = now_ns() - start;
    if (status) fail(EXIT_RUN, "%s: an inference: LiteRtStatus %d", file->name, status);
    return taken;
}

static int stored_value(const Net *net, size_t place) {
    if (net->output_dtype == UINT8) return ((const uint8_t *)net->output_memory)[place];
    if (net->output_dtype == INT8) return ((const int8_t *)net->output_memory)[place];
    return ((const int16_t *)net->output_memory)[place];
}

/* real = (stored - zero point) x scale, in float32; where scale is 0, what is stored. */
static void read_outputs(const Net *net, float *scores) {
    if (net->output_dtype == FLOAT32) {
        memcpy(scores, net->output_memory, net->outputs * sizeof *scores);
        return;
    }
    float scale = net->scale == 0 ? 1 : net->scale;
    int zero_point = net->scale == 0 ? 0 : net->zero_point;
    for (size_t place = 0; place < net->outputs; place++)
        scores[place] = (float)(stored_value(net, place) - zero_point) * scale;
}

static void softmax(float *scores, size_t classes) {
    double highest_one = scores[0], total = 0;
    for (size_t place = 1; place < classes; place++)
        if (scores[place] > highest_one) highest_one = scores[place];
    for (size_t place = 0; place < classes; place++)
        total += exp(scores[place] - highest_one);
    for (size_t place = 0; place < classes; place++)
        scores[place] = (float)(exp(scores[place] - highest_one) / total);
}

/* scores: room for classes_of(net). */
static void read_scores(const Net *net, float *scores) {
    read_outputs(net, scores);
    if (net->kind == LOGITS) softmax(scores, net->outputs);
    if (!of_one_unit(net)) return;
    double one = scores[0];
    if (net->kind == ONE_LOGIT) one = 1 / (1 + exp(-one));
    one = one < 0 ? 0 : one > 1 ? 1 : one; /* NaN stays, and is refused */
    scores[0] = (float)(1 - one);
    scores[1] = (float)one;
}
