/* The least that can be timed: one model on its images by LiteRT's C library, nothing
 * else. The benchmark of the runner is held against it.
 *
 *     bare_loop SCRIPT LIBRARY     prints the nanoseconds of each inference, a line each
 */
#define RUNNER_TEST
#include "runner.c"

int main(int count, char **arguments) {
    static Script script;
    (void)run_script;
    if (count != 3) fail(EXIT_USAGE, "expected SCRIPT LIBRARY");
    int file = open(arguments[1], O_RDONLY);
    if (file < 0) fail(EXIT_USAGE, "%s: cannot be opened", arguments[1]);
    Content text = file_content(file, arguments[1], EXIT_USAGE);
    read_script(&script, text.bytes, text.length);
    open_library(arguments[2]);
    load_all(&script);
    warm_up(&script);
    Net *net = &script.rung[0];
    void *model = script.file[0].compiled;
    int64_t *ns = allocated(script.images, sizeof *ns);
    for (uint64_t image = 0; image < script.images; image++) {
        read_packed(&net->packed, image, net->input_memory, net->tensors);
        int64_t start = now_ns();
        if (litert.RunCompiledModel(model, net->signature_index, 1, &net->input, 1,
                                    &net->output))
            fail(EXIT_RUN, "an inference failed");
        ns[image] = now_ns() - start;
    }
    for (uint64_t image = 0; image < script.images; image++) {
        char line[32];
        int length = snprintf(line, sizeof line, "%lld\n", (long long)ns[image]);
        write_all(1, line, (size_t)length, "standard output");
    }
    _exit(0);
}
