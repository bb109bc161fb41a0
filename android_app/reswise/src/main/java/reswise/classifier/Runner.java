package reswise.classifier;

import java.nio.ByteBuffer;

/** One rung ready to run: its room for input and output, kept from picture to picture. */
final class Runner {
    final Rung rung;
    private final Engine.Model model;
    private final Engine.Port in;
    private final Engine.Port out;

    Runner(Rung rung, Engine.Model model) {
        this.rung = rung;
        this.model = model;
        in = new Engine.Port(rung.input);
        out = new Engine.Port(rung.output);
    }

    /** Crops, resizes, normalises and stores a picture as the input wants it. */
    void prepare(Picture picture, Cancel cancel) {
        float[] pixels = Resize.square(picture, rung.resolution, rung.preprocessing, cancel);
        ByteBuffer input = in.values();
        Tensor.rewound(input);
        for (int at = 0; at < pixels.length; at += 3) {
            for (int place = 0; place < 3; place++) {
                rung.input.put(input, rung.preprocessing.real(pixels, at, place));
            }
        }
    }

    /** Stores pixels as they are, RGB in 0..255: what the look takes. */
    void prepare(float[] pixels) {
        ByteBuffer input = in.values();
        Tensor.rewound(input);
        for (float value : pixels) {
            rung.input.put(input, value);
        }
    }

    /** Runs what was prepared last; gives the nanoseconds of the inference alone. */
    long run(Cancel cancel) {
        Tensor.rewound(in.values());
        Tensor.rewound(out.values());
        cancel.begin(model::interrupt);
        long start = System.nanoTime();
        try {
            model.run(rung.signature, in, out);
        } catch (RuntimeException error) {
            cancel.check(); // that is why it ended
            throw error;
        } finally {
            cancel.end();
            if (cancel.isCancelled()) {
                model.resume();
            }
        }
        return System.nanoTime() - start;
    }

    /**
     * The scores of the last run, one a class.
     *
     * @throws IllegalStateException one is no number: no answer would be right.
     */
    float[] scores() {
        float[] found = rung.output.reals(out.values());
        for (float score : found) {
            if (Float.isNaN(score) || Float.isInfinite(score)) {
                throw new IllegalStateException(rung.name + ": a score is " + score + ".");
            }
        }
        return Scores.read(rung.scores, found);
    }
}
