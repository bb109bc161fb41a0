/* JSON lines, and where an ended run goes on. Included by runner.c. */

/* ---- results ---------------------------------------------------------------------- */

typedef struct {
    int file;
    const char *name;
    char text[LINE_BYTES];
    size_t length;
} Line;

__attribute__((format(printf, 2, 3))) static void add(Line *line, const char *format,
                                                      ...) {
    va_list arguments;
    va_start(arguments, format);
    size_t room = sizeof line->text - line->length;
    int written = vsnprintf(line->text + line->length, room, format, arguments);
    va_end(arguments);
    if (written < 0 || (size_t)written >= room)
        fail(EXIT_RESULTS, "%s: a line is too long", line->name);
    line->length += (size_t)written;
}

static void end_line(Line *line) {
    add(line, "}\n");
    write_all(line->file, line->text, line->length, line->name);
    line->length = 0;
}

static int64_t climb_ns(const Climb *climb) {
    int64_t total = climb->selector_ns;
    for (int step = 0; step < climb->steps; step++) total += climb->ns[step];
    return total;
}

static void add_top(Line *line, const Script *script, const float *scores, size_t classes) {
    size_t top[MOST_TOP];
    int held = highest(scores, classes, script->top_k, top);
    if (!held) fail(EXIT_RUN, "all scores of an image are NaN");
    add(line, ",\"top\":[");
    for (int place = 0; place < held; place++)
        add(line, "%s[%zu,%.9g]", place ? "," : "", top[place],
            (double)scores[top[place]]);
    add(line, "]");
}

static void write_image(Line *line, const Script *script, const Climb *climb, uint64_t item,
                        const char *id, size_t classes) {
    /* a resumed run reads the numbers up to total_ns; leave their order */
    add(line, "{\"event\":\"image\",\"item\":%llu,\"total_ns\":%lld,\"id\":%s",
        (unsigned long long)item, (long long)climb_ns(climb), id);
    add(line, ",\"rungs\":[");
    for (int step = 0; step < climb->steps; step++)
        add(line, "%s%d", step ? "," : "", climb->rungs[step]);
    add(line, "],\"rung_ns\":[");
    for (int step = 0; step < climb->steps; step++)
        add(line, "%s%lld", step ? "," : "", (long long)climb->ns[step]);
    add(line, "],\"selector_ns\":%lld", (long long)climb->selector_ns);
    add_top(line, script, climb->answer, classes);
    end_line(line);
}

static void write_start(Line *line, const Script *script, uint64_t item) {
    add(line, "{\"event\":\"start\",\"script\":\"%016llx\",\"item\":%llu",
        (unsigned long long)script->hash, (unsigned long long)item);
    uint64_t mask = 0;
    cpu_set_t set;
    memset(&set, 0, sizeof set);
    if (sched_getaffinity(0, sizeof set, &set) >= 0) memcpy(&mask, &set, sizeof mask);
    add(line, ",\"cores\":%llu,\"threads\":%d,\"files\":[", (unsigned long long)mask,
        script->threads);
    for (int place = 0; place < script->files; place++)
        add(line, "%s{\"load_ns\":%lld,\"resident_kb\":%ld}", place ? "," : "",
            (long long)script->file[place].load_ns, script->file[place].resident_kb);
    add(line, "],\"first_ns\":[");
    for (int place = 0; place < script->rungs; place++)
        add(line, "%s%lld", place ? "," : "", (long long)script->rung[place].first_ns);
    add(line, "]");
    end_line(line);
}

/* ---- where an ended run goes on ----------------------------------------------------- */

typedef struct {
    uint64_t items; /* whole lines of images */
    uint64_t busy_ns;
    size_t length; /* bytes to keep */
} Progress;

static bool whole_line(const char *start, const char *end) {
    return end - start >= 2 && start[0] == '{' && end[-1] == '}' &&
           !memchr(start, 0, (size_t)(end - start));
}

/* Reads lines up to the first that is not whole, or to `most` images. */
static Progress scan(const char *text, size_t length, const Script *script, uint64_t most,
                     const char *name) {
    static const char IMAGE[] = "{\"event\":\"image\",\"item\":";
    static const char TOTAL[] = ",\"total_ns\":";
    char start[64];
    snprintf(start, sizeof start, "{\"event\":\"start\",\"script\":\"%016llx\"",
             (unsigned long long)script->hash);
    Progress progress = {0, 0, 0};
    const char *end;
    for (const char *at = text; (end = memchr(at, '\n', (size_t)(text + length - at)));
         at = end + 1) {
        if (!whole_line(at, end)) break;
        if (at == text && strncmp(at, start, strlen(start)))
            fail(EXIT_RESULTS, "%s: results of another script; delete it", name);
        if (!strncmp(at, IMAGE, strlen(IMAGE))) {
            char *rest;
            if (progress.items == most) break;
            uint64_t item = strtoull(at + strlen(IMAGE), &rest, 10);
            if (item != progress.items || strncmp(rest, TOTAL, strlen(TOTAL)))
                fail(EXIT_RESULTS, "%s: line of item %llu is out of order", name,
                     (unsigned long long)item);
            progress.busy_ns += strtoull(rest + strlen(TOTAL), NULL, 10);
            progress.items++;
        }
        progress.length = (size_t)(end + 1 - text);
    }
    return progress;
}

static int open_results(const char *name) {
    int file = open(name, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    if (file < 0)
        fail(EXIT_RESULTS, "%s: cannot be written (read-only folder?)", name);
    if (flock(file, LOCK_EX | LOCK_NB))
        fail(EXIT_BUSY, "%s: another runner writes it", name);
    return file;
}

static void cut(int file, size_t length, const char *name) {
    if (ftruncate(file, (off_t)length) || lseek(file, (off_t)length, SEEK_SET) < 0)
        fail(EXIT_RESULTS, "%s: cannot be cut to %zu bytes", name, length);
}

/* Images whose scores are kept: whole rows of the file. */
static uint64_t whole_rows(int file, size_t row) {
    off_t length = lseek(file, 0, SEEK_END);
    return length < 0 ? 0 : (uint64_t)length / row;
}

static Progress resume(const Script *script, int results, const char *name, int scores,
                       size_t row) {
    Content content = file_content(results, name, EXIT_RESULTS);
    uint64_t most = UINT64_MAX;
    if (scores >= 0 && whole_rows(scores, row) < script->images)
        most = whole_rows(scores, row);
    Progress progress = scan(content.bytes, content.length, script, most, name);
    free(content.bytes);
    cut(results, progress.length, name);
    if (scores >= 0) {
        uint64_t rows =
            progress.items < script->images ? progress.items : script->images;
        cut(scores, rows * row, script->scores);
    }
    return progress;
}
