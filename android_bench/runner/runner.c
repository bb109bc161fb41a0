/* Applies a bundle's selector to packed images: on a phone, or on this machine.
 *
 *     runner SCRIPT RESULTS LIBRARY
 *
 * SCRIPT is the text that android_bench/script.py writes (its format is described there),
 * RESULTS the JSON lines to append to, LIBRARY the path of libLiteRt.so. Files named by
 * the script lie in the working directory. A run that was ended goes on after the last
 * whole line of RESULTS.
 *
 * The LiteRT C API is declared by hand, as the library comes without headers; versions
 * 2.1.0 to 2.3.0 are known to fit. One compiled model serves all rungs of a file: its
 * signatures share weights only so.
 *
 * Selectors give the same bits as Python's: IEEE doubles, -ffp-contract=off.
 *
 * Only functions that glibc and bionic both have are used, and no errno, stdout or
 * stderr, whose names differ: the same object file links against either.
 *
 * It is one translation unit of several files, each of which needs those before it:
 * nothing of it is seen outside, and one command builds it.
 */
#include "base.c"
#include "rules.c"
#include "script.c"
#include "litert.c"
#include "selectors.c"
#include "results.c"

/* ---- a run -------------------------------------------------------------------------- */

static void set_cores(uint64_t mask) {
    cpu_set_t set;
    if (!mask) return;
    memset(&set, 0, sizeof set);
    memcpy(&set, &mask, sizeof mask);
    if (sched_setaffinity(0, sizeof set, &set))
        fail(EXIT_USAGE, "cores 0x%llx: this device has no such core",
             (unsigned long long)mask);
}

static void pack_net(Net *net, uint64_t images) {
    size_t each = net->inputs * DTYPE_BYTES[net->input_dtype];
    net->packed = open_packed(net->tensors, net->input_dtype, images, each);
}

static void load_nets_of(Script *script, int file, void *model) {
    const char *name = script->file[file].name;
    for (int rung = 0; rung < script->rungs; rung++) {
        if (script->rung[rung].file == file) load_net(&script->rung[rung], model, name);
    }
    if (script->selector == LEARNED && script->look.file == file)
        load_net(&script->look, model, name);
}

static void warm_up(Script *script) {
    for (int rung = 0; rung < script->rungs; rung++) {
        script->rung[rung].first_ns = run_net(script, &script->rung[rung], 0);
        for (int time = 1; time < script->warm_up; time++)
            run_net(script, &script->rung[rung], 0);
    }
    for (int time = 0; script->selector == LEARNED && time < script->warm_up; time++)
        run_net(script, &script->look, 0);
}

static void read_choices(Script *script) {
    const char *name = script->choices_file;
    Packed packed = open_packed(name, UINT8, script->images, 1);
    script->choices = allocated(script->images, 1);
    for (uint64_t image = 0; image < script->images; image++) {
        read_packed(&packed, image, &script->choices[image], name);
        if (script->choices[image] >= script->steps)
            fail(EXIT_TENSORS, "%s: a choice is out of range", name);
    }
    close(packed.file);
}

static void load_all(Script *script) {
    for (int rung = 0; rung < script->rungs; rung++)
        pack_net(&script->rung[rung], script->images);
    if (script->selector == LEARNED) pack_net(&script->look, script->images);
    if (script->selector == LISTED) read_choices(script);
    for (int file = 0; file < script->files; file++)
        load_nets_of(script, file, load_file(&script->file[file], script->threads));
}

static Workspace make_workspace(const Script *script) {
    Workspace work;
    memset(&work, 0, sizeof work);
    work.classes = classes_of(&script->rung[script->ladder[0]]);
    for (int step = 0; step < script->steps; step++)
        work.scores[step] = allocated(work.classes, sizeof(float));
    work.total = allocated(work.classes, sizeof(float));
    work.mean = allocated(work.classes, sizeof(float));
    return work;
}

/* Rounds are run whole, so that every image weighs the same. */
static bool more(const Script *script, const Progress *progress) {
    return progress->items % script->images ||
           progress->items < script->images * script->rounds ||
           progress->items < script->least_count || progress->busy_ns < script->least_ns;
}

static void probe(Script *script, Line *line, uint64_t item) {
    if (!script->probe_every || item % script->probe_every) return;
    int64_t taken = run_net(script, &script->rung[script->probe_rung], 0);
    add(line, "{\"event\":\"probe\",\"item\":%llu,\"ns\":%lld", (unsigned long long)item,
        (long long)taken);
    end_line(line);
}

static void run_images(Script *script, const Ids *ids, Line *line, int scores,
                       Progress *progress) {
    Workspace work = make_workspace(script);
    Climb climb;
    while (more(script, progress)) {
        uint64_t image = progress->items % script->images;
        probe(script, line, progress->items);
        climb_image(script, &work, image, &climb);
        if (scores >= 0 && progress->items < script->images)
            write_all(scores, (const char *)climb.answer, work.classes * sizeof(float),
                      script->scores);
        write_image(line, script, &climb, progress->items, ids->text[image],
                    work.classes);
        progress->busy_ns += (uint64_t)climb_ns(&climb);
        progress->items++;
    }
}

static int open_scores(const Script *script) {
    if (!*script->scores) return -1;
    int file = open(script->scores, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    if (file < 0) fail(EXIT_RESULTS, "%s: cannot be written", script->scores);
    return file;
}

static void run_script(Script *script, const char *results, const char *library) {
    static Line line;
    Ids ids = read_ids(script);
    line.name = results;
    line.file = open_results(results);
    int scores = open_scores(script);
    size_t row = script->rung[script->ladder[0]].outputs * sizeof(float);
    Progress progress = resume(script, line.file, results, scores, row);
    set_cores(script->cores);
    open_library(library);
    load_all(script);
    warm_up(script);
    write_start(&line, script, progress.items);
    run_images(script, &ids, &line, scores, &progress);
    add(&line, "{\"event\":\"done\",\"items\":%llu,\"peak_kb\":%ld",
        (unsigned long long)progress.items, status_kb("VmHWM:"));
    end_line(&line);
}

#ifndef RUNNER_TEST
int main(int count, char **arguments) {
    static Script script;
    if (count != 4) fail(EXIT_USAGE, "expected SCRIPT RESULTS LIBRARY");
    int file = open(arguments[1], O_RDONLY);
    if (file < 0) fail(EXIT_USAGE, "%s: cannot be opened", arguments[1]);
    Content text = file_content(file, arguments[1], EXIT_USAGE);
    close(file);
    read_script(&script, text.bytes, text.length);
    run_script(&script, arguments[2], arguments[3]);
    _exit(0); /* destructors of the library are slow and of no use */
}
#endif
