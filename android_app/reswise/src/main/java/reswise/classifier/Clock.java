package reswise.classifier;

import java.util.function.Supplier;

/** Where the time of one classification goes, beside the inference itself. */
final class Clock {
    long selector = 0; // nanoseconds
    long prepare = 0;

    <T> T choice(Supplier<T> action) {
        long start = System.nanoTime();
        try {
            return action.get();
        } finally {
            selector += System.nanoTime() - start;
        }
    }

    void choice(Runnable action) {
        choice(
                () -> {
                    action.run();
                    return null;
                });
    }

    <T> T prepared(Supplier<T> action) {
        long start = System.nanoTime();
        try {
            return action.get();
        } finally {
            prepare += System.nanoTime() - start;
        }
    }

    void prepare(Runnable action) {
        prepared(
                () -> {
                    action.run();
                    return null;
                });
    }
}
