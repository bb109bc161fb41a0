/* Applies a bundle's selector to packed images: on a phone, or on this machine.
 *
 *     runner PLAN RESULTS LIBRARY
 *
 * PLAN is the text that android_bench/plan.py writes (its format is described there),
 * RESULTS the JSON lines to append to, LIBRARY the path of libLiteRt.so. Files named by
 * the plan lie in the working directory. A run that was ended goes on after the last
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
#include "plan.c"
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

static void load_nets_of(Plan *plan, int file, void *model) {
    const char *name = plan->file[file].name;
    for (int rung = 0; rung < plan->rungs; rung++) {
        if (plan->rung[rung].file == file) load_net(&plan->rung[rung], model, name);
    }
    if (plan->selector == LEARNED && plan->look.file == file)
        load_net(&plan->look, model, name);
}

static void warm_up(Plan *plan) {
    for (int rung = 0; rung < plan->rungs; rung++) {
        plan->rung[rung].first_ns = run_net(plan, &plan->rung[rung], 0);
        for (int time = 1; time < plan->warm_up; time++)
            run_net(plan, &plan->rung[rung], 0);
    }
    for (int time = 0; plan->selector == LEARNED && time < plan->warm_up; time++)
        run_net(plan, &plan->look, 0);
}

static void read_choices(Plan *plan) {
    const char *name = plan->choices_file;
    Packed packed = open_packed(name, UINT8, plan->images, 1);
    plan->choices = allocated(plan->images, 1);
    for (uint64_t image = 0; image < plan->images; image++) {
        read_packed(&packed, image, &plan->choices[image], name);
        if (plan->choices[image] >= plan->steps)
            fail(EXIT_TENSORS, "%s: a choice is out of range", name);
    }
    close(packed.file);
}

static void load_all(Plan *plan) {
    for (int rung = 0; rung < plan->rungs; rung++)
        pack_net(&plan->rung[rung], plan->images);
    if (plan->selector == LEARNED) pack_net(&plan->look, plan->images);
    if (plan->selector == LISTED) read_choices(plan);
    for (int file = 0; file < plan->files; file++)
        load_nets_of(plan, file, load_file(&plan->file[file], plan->threads));
}

static Workspace make_workspace(const Plan *plan) {
    Workspace work;
    memset(&work, 0, sizeof work);
    work.classes = classes_of(&plan->rung[plan->ladder[0]]);
    for (int step = 0; step < plan->steps; step++)
        work.scores[step] = allocated(work.classes, sizeof(float));
    work.total = allocated(work.classes, sizeof(float));
    work.mean = allocated(work.classes, sizeof(float));
    return work;
}

/* Rounds are run whole, so that every image weighs the same. */
static bool more(const Plan *plan, const Progress *progress) {
    return progress->items % plan->images ||
           progress->items < plan->images * plan->rounds ||
           progress->items < plan->least_count || progress->busy_ns < plan->least_ns;
}

static void probe(Plan *plan, Line *line, uint64_t item) {
    if (!plan->probe_every || item % plan->probe_every) return;
    int64_t taken = run_net(plan, &plan->rung[plan->probe_rung], 0);
    add(line, "{\"event\":\"probe\",\"item\":%llu,\"ns\":%lld", (unsigned long long)item,
        (long long)taken);
    end_line(line);
}

static void run_images(Plan *plan, const Ids *ids, Line *line, int scores,
                       Progress *progress) {
    Workspace work = make_workspace(plan);
    Climb climb;
    while (more(plan, progress)) {
        uint64_t image = progress->items % plan->images;
        probe(plan, line, progress->items);
        climb_image(plan, &work, image, &climb);
        if (scores >= 0 && progress->items < plan->images)
            write_all(scores, (const char *)climb.answer, work.classes * sizeof(float),
                      plan->scores);
        write_image(line, plan, &climb, progress->items, ids->text[image],
                    work.classes);
        progress->busy_ns += (uint64_t)climb_ns(&climb);
        progress->items++;
    }
}

static int open_scores(const Plan *plan) {
    if (!*plan->scores) return -1;
    int file = open(plan->scores, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    if (file < 0) fail(EXIT_RESULTS, "%s: cannot be written", plan->scores);
    return file;
}

static void run_plan(Plan *plan, const char *results, const char *library) {
    static Line line;
    Ids ids = read_ids(plan);
    line.name = results;
    line.file = open_results(results);
    int scores = open_scores(plan);
    size_t row = plan->rung[plan->ladder[0]].outputs * sizeof(float);
    Progress progress = resume(plan, line.file, results, scores, row);
    set_cores(plan->cores);
    open_library(library);
    load_all(plan);
    warm_up(plan);
    write_start(&line, plan, progress.items);
    run_images(plan, &ids, &line, scores, &progress);
    add(&line, "{\"event\":\"done\",\"items\":%llu,\"peak_kb\":%ld",
        (unsigned long long)progress.items, status_kb("VmHWM:"));
    end_line(&line);
}

#ifndef RUNNER_TEST
int main(int count, char **arguments) {
    static Plan plan;
    if (count != 4) fail(EXIT_USAGE, "expected PLAN RESULTS LIBRARY");
    int file = open(arguments[1], O_RDONLY);
    if (file < 0) fail(EXIT_USAGE, "%s: cannot be opened", arguments[1]);
    Content text = file_content(file, arguments[1], EXIT_USAGE);
    close(file);
    read_plan(&plan, text.bytes, text.length);
    run_plan(&plan, arguments[2], arguments[3]);
    _exit(0); /* destructors of the library are slow and of no use */
}
#endif
