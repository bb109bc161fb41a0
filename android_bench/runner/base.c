/* Ends with one line; files, words and tensors read with checks. Included by runner.c. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <math.h>
#include <sched.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

enum exit_code {
    EXIT_USAGE = 2,   /* the script, or how the runner was called */
    EXIT_TENSORS = 3, /* a packed file */
    EXIT_LIBRARY = 4, /* libLiteRt.so */
    EXIT_MODEL = 5,   /* a .tflite file */
    EXIT_RESULTS = 6, /* the results cannot be written, or are of another script */
    EXIT_RUN = 7,     /* an inference */
    EXIT_BUSY = 8     /* another runner writes these results */
};

enum limits {
    MOST_RUNGS = 32,
    MOST_FILES = 32,
    MOST_TOP = 32,
    MOST_CLASSES = 1 << 20,
    MOST_NODES = 1 << 20,
    FEATURES_A_RUNG = 6,
    MOST_FEATURES = (FEATURES_A_RUNG + 2) * MOST_RUNGS + FEATURES_A_RUNG,
    LINE_BYTES = 1 << 16
};

enum dtype { FLOAT32, UINT8, INT8, INT16, DTYPES };
static const char *const DTYPE_NAMES[DTYPES] = {"float32", "uint8", "int8", "int16"};
static const size_t DTYPE_BYTES[DTYPES] = {4, 1, 1, 2};
static const int DTYPE_LITERT[DTYPES] = {1, 3, 9, 7}; /* LiteRtElementType */

enum selector { FIXED, LISTED, CASCADE, DEFERRAL, LEARNED, SELECTORS };
static const char *const SELECTOR_NAMES[SELECTORS] = {"fixed", "list", "cascade",
                                                      "deferral", "learned"};

enum confidence { TOP1, MARGIN, ENTROPY, CALIBRATED, CONFIDENCES };
static const char *const CONFIDENCE_NAMES[CONFIDENCES] = {"top1", "margin", "entropy",
                                                          "calibrated"};

/* How an output is read: convert/score_kinds.py. */
enum score_kind { PROBABILITIES, LOGITS, ONE_PROBABILITY, ONE_LOGIT, SCORE_KINDS };
static const char *const SCORE_KIND_NAMES[SCORE_KINDS] = {
    "probabilities", "logits", "one_probability", "one_logit"};

static const double TINY = 1e-30; /* stands for a probability of 0 in logarithms */

/* ---- ends with one line ------------------------------------------------------- */

static void write_all(int file, const char *text, size_t length, const char *name);

__attribute__((format(printf, 2, 3), noreturn)) static void
fail(enum exit_code code, const char *format, ...) {
    char line[1024] = "runner: ";
    size_t start = strlen(line);
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(line + start, sizeof line - start - 1, format, arguments);
    va_end(arguments);
    for (char *at = line; *at; at++) {
        if (*at == '\n' || *at == '\r') *at = ' ';
    }
    strcat(line, "\n");
    if (write(2, line, strlen(line)) < 0) _exit(code);
    _exit(code);
}

static void *allocated(size_t count, size_t bytes) {
    void *memory = calloc(count ? count : 1, bytes);
    if (!memory) fail(EXIT_RUN, "out of memory for %zu x %zu bytes", count, bytes);
    return memory;
}

static int64_t now_ns(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

/* ---- files ---------------------------------------------------------------------- */

typedef struct {
    char *bytes; /* with a 0 after the last one */
    size_t length;
} Content;

static Content file_content(int file, const char *name, enum exit_code code) {
    off_t length = lseek(file, 0, SEEK_END);
    if (length < 0 || lseek(file, 0, SEEK_SET) != 0)
        fail(code, "%s: cannot be read", name);
    Content content = {allocated((size_t)length + 1, 1), 0};
    while (content.length < (size_t)length) {
        ssize_t got = read(file, content.bytes + content.length,
                           (size_t)length - content.length);
        if (got <= 0) fail(code, "%s: reading stopped at byte %zu", name,
                           content.length);
        content.length += (size_t)got;
    }
    return content;
}

static void write_all(int file, const char *text, size_t length, const char *name) {
    while (length) {
        ssize_t written = write(file, text, length);
        if (written <= 0)
            fail(EXIT_RESULTS, "%s: cannot be written (no space left?)", name);
        text += written;
        length -= (size_t)written;
    }
}

/* ---- the script's words ----------------------------------------------------------- */

typedef struct {
    char *at; /* what is not read yet */
    int line; /* of the line read last, from 1 */
    char *rest; /* of that line: words not read yet */
} Words;

static bool next_line(Words *words) {
    if (!*words->at) return false;
    words->rest = words->at;
    char *end = strchr(words->at, '\n');
    if (!end) fail(EXIT_USAGE, "script line %d does not end", words->line + 1);
    *end = 0;
    words->at = end + 1;
    words->line++;
    return true;
}

static char *word(Words *words, const char *what) {
    char *start = words->rest;
    if (!start || !*start)
        fail(EXIT_USAGE, "script line %d: expected %s", words->line, what);
    char *end = strchr(start, ' ');
    if (end) *end = 0;
    words->rest = end ? end + 1 : start + strlen(start);
    return start;
}

static void line_ends(Words *words) {
    if (words->rest && *words->rest)
        fail(EXIT_USAGE, "script line %d: %.40s is too much", words->line, words->rest);
}

static uint64_t whole_number(Words *words, const char *what, uint64_t least,
                             uint64_t most) {
    char *text = word(words, what), *end = NULL;
    bool digits = text[0] >= '0' && text[0] <= '9' && strlen(text) <= 19;
    uint64_t value = digits ? strtoull(text, &end, 10) : 0;
    if (!digits || *end || value < least || value > most)
        fail(EXIT_USAGE, "script line %d: %s is %.40s; expected %llu..%llu", words->line,
             what, text, (unsigned long long)least, (unsigned long long)most);
    return value;
}

static double number(Words *words, const char *what) {
    char *text = word(words, what), *end = NULL;
    double value = strtod(text, &end);
    if (end == text || *end || !(value - value == 0))
        fail(EXIT_USAGE, "script line %d: %s is %.40s; expected a number", words->line,
             what, text);
    return value;
}

static int one_of(Words *words, const char *what, const char *const *names, int count) {
    char *text = word(words, what);
    for (int place = 0; place < count; place++) {
        if (!strcmp(text, names[place])) return place;
    }
    fail(EXIT_USAGE, "script line %d: %s %.40s is unknown", words->line, what, text);
}

/* ---- packed tensors ------------------------------------------------------------- */

enum { HEADER_BYTES = 64 };
static const char MAGIC[8] = "RWTENS1";

/* Images are read one by one: mapped, their pages would count as the runner's memory. */
typedef struct {
    int file;
    size_t each; /* bytes of an image */
} Packed;

static uint64_t little_endian(const uint8_t *bytes) {
    uint64_t value = 0;
    for (int place = 7; place >= 0; place--) value = value << 8 | bytes[place];
    return value;
}

/* A header of 64 bytes: magic (8), dtype, count, bytes of one (8 each), zeros. */
static void check_header(const uint8_t *bytes, uint64_t length, const char *name,
                         enum dtype dtype, uint64_t count, size_t each) {
    if (length < HEADER_BYTES || memcmp(bytes, MAGIC, sizeof MAGIC))
        fail(EXIT_TENSORS, "%s: not a packed tensor file", name);
    uint64_t code = little_endian(bytes + 8), held = little_endian(bytes + 16);
    uint64_t size = little_endian(bytes + 24);
    if (code >= DTYPES || (enum dtype)code != dtype)
        fail(EXIT_TENSORS, "%s: dtype %s; expected %s", name,
             code < DTYPES ? DTYPE_NAMES[code] : "unknown", DTYPE_NAMES[dtype]);
    if (held != count || size != each)
        fail(EXIT_TENSORS, "%s: %llu images of %llu bytes; expected %llu of %zu", name,
             (unsigned long long)held, (unsigned long long)size,
             (unsigned long long)count, each);
    if (!each || count > (UINT64_MAX - HEADER_BYTES) / each ||
        length != HEADER_BYTES + count * each)
        fail(EXIT_TENSORS, "%s: %llu bytes; its header says another number", name,
             (unsigned long long)length);
}

static Packed open_packed(const char *name, enum dtype dtype, uint64_t count,
                          size_t each) {
    uint8_t header[HEADER_BYTES];
    int file = open(name, O_RDONLY | O_CLOEXEC);
    if (file < 0) fail(EXIT_TENSORS, "%s: cannot be opened", name);
    off_t length = lseek(file, 0, SEEK_END);
    bool whole = pread(file, header, sizeof header, 0) == (ssize_t)sizeof header;
    check_header(header, whole ? (uint64_t)length : 0, name, dtype, count, each);
    return (Packed){file, each};
}

static void read_packed(const Packed *packed, uint64_t image, void *memory,
                        const char *name) {
    off_t start = (off_t)(HEADER_BYTES + image * packed->each);
    for (size_t held = 0; held < packed->each;) {
        ssize_t got = pread(packed->file, (char *)memory + held, packed->each - held,
                            start + (off_t)held);
        if (got <= 0)
            fail(EXIT_TENSORS, "%s: image %llu cannot be read", name,
                 (unsigned long long)image);
        held += (size_t)got;
    }
}
