package com.google.ai.edge.litert;

import java.util.Map;

/** STUB for compiling and tests: a signature gives its input's first numbers back. */
public final class CompiledModel implements AutoCloseable {
    /** STUB. */
    public static final class CpuOptions {
        public CpuOptions(
                Integer numThreads, Integer xnnPackFlags, String xnnPackWeightCachePath) {}
    }

    /** STUB. */
    public static final class Options {
        public Options(Accelerator... accelerators) {}

        public void setCpuOptions(CpuOptions cpuOptions) {}
    }

    private CompiledModel() {}

    public static CompiledModel create(
            String filePath, Options options, Environment optionalEnv) throws LiteRtException {
        return new CompiledModel();
    }

    public TensorBuffer createInputBuffer(String inputName, String signature)
            throws LiteRtException {
        return new TensorBuffer();
    }

    public TensorBuffer createOutputBuffer(String outputName, String signature)
            throws LiteRtException {
        return new TensorBuffer();
    }

    public void run(
            Map<String, TensorBuffer> inputs, Map<String, TensorBuffer> outputs, String signature)
            throws LiteRtException {
        float[] given = inputs.values().iterator().next().readFloat();
        outputs.values().iterator().next().writeFloat(java.util.Arrays.copyOf(given, 5));
    }

    @Override
    public void close() {}
}
