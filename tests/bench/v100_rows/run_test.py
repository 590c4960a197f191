#!/usr/bin/env python3
"""run.py on rows made by hand: what it reads, its figures, and a price counted by hand.   run_test.py SHARDWRIGHT"""
import pathlib
import sys
import tempfile
import unittest

import run

KERNELS = """gpu,op,precision,B,E,T,D,L,weighted,time_us
V100 (SXM2),forward_kernel,fp32,128,1000,32,64,8,,10.0
V100 (SXM2),forward_kernel,fp32,128,1000,32,64,8,,40.0
"V100, of 16 GB",backward_adagrad_kernel,fp16,64,500,2,32,4,True,7.5
V100 (SXM2),ForwardBackward,fp32,128,1000,32,64,8,,1.0
V100 (SXM2),forward_kernel,fp32,128,,32,64,8,,1.0
V100 (SXM2),forward_kernel,fp32,128,1000,32,64,8,,
H100,forward_kernel,fp32,128,1000,32,64,8,,1.0
"""
OPERATORS = """rank,op,input_shapes,inputs_scalars
3,fbgemm::bounds_check_indices,"[[3], [768], [385]]","[1]"
3,fbgemm::split_embedding_codegen_lookup_adagrad_function,"[[0], [48000], [0], [0, 0], [3], [3], [4], [], [], [4], [], [768], [385]]","[48, 16, 26]"
"""
TRACE = """rank,dur_us,kernel
3,7,"void split_embedding_codegen_forward_unweighted_kernel<float, float"
3,6,"void dense_embedding_codegen_forward_unweighted_kernel<float, float"
3,4,split_embedding_backward_codegen_adagrad_unweighted_find_long_segments(at
3,4,split_embedding_backward_codegen_dense_unweighted_find_long_segments(at
3,13,void split_embedding_backward_codegen_adagrad_unweighted_kernel_warp_per_row_1<float
"""
SHAPE = run.Shape(128, 1000, 32, 64, 8.0, "fp32", False, "sgd")


def written(folder, name, text):
    file = pathlib.Path(folder, name)
    file.write_text(text)
    return file


class Reading(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)

    def test_whole_rows_of_a_v100(self):
        kernels = run.read_kernels(written(self.folder.name, "kernels.csv", KERNELS))
        backward = run.Shape(64, 500, 2, 32, 4.0, "fp16", True, "adagrad")
        self.assertEqual(kernels, [run.Kernel("kernels", "forward", SHAPE, 10.0), run.Kernel("kernels", "forward", SHAPE, 40.0),
                                   run.Kernel("kernels", "backward", backward, 7.5)])

    def test_repeats_are_one_row(self):
        kernels = run.read_kernels(written(self.folder.name, "kernels.csv", KERNELS))
        forward, backward = run.means_of_repeats(kernels)
        self.assertAlmostEqual(forward.microseconds, 20.0)
        self.assertAlmostEqual(backward.microseconds, 7.5)

    def test_traced_lookups_of_a_rank(self):
        kernels = run.read_trace(written(self.folder.name, "trace.csv", TRACE), written(self.folder.name, "ops.csv", OPERATORS))
        shape = run.Shape(128, 1000, 3, 16, 2.0, "fp32", False, "adagrad")
        self.assertEqual(kernels, [run.Kernel("trace", "forward", shape, 7.0), run.Kernel("trace", "backward", shape, 17.0)])


class Figures(unittest.TestCase):
    def test_errors(self):
        logs, relative, signed = run.errors([2.0, 0.5, 0.5])
        self.assertAlmostEqual(logs, 1.0)
        self.assertAlmostEqual(relative, 0.25 ** (1 / 3))
        self.assertAlmostEqual(signed, 0.0)

    def test_reuse_of_even_ids(self):
        seldom = run.reuse_of_even_ids(10**9, 1)
        self.assertAlmostEqual(seldom[0], 1.0)
        once = run.reuse_of_even_ids(1000, 1000)  # Poisson of mean 1, without 0: (1, 1/2, 1/6 + 1/24, …) / (e - 1)
        self.assertAlmostEqual(sum(once), 1.0)
        for share, expected in zip(once, (0.581977, 0.290988, 0.121245)):
            self.assertAlmostEqual(share, expected, places=5)
        often = run.reuse_of_even_ids(10, 10**7)
        self.assertAlmostEqual(often[16], 1.0)

    def test_price_counted_by_hand(self):
        # 1024 ids of 10^9 rows are all distinct. Launch 10 us, 900 GB/s streamed, 70 % of it for random rows.
        prices = run.price(SHARDWRIGHT, run.Shape(1024, 10**9, 1, 4, 1.0, "fp32", False, "sgd"), True)
        streamed = (8 + 4 * 4) * 1024 / 900e3
        self.assertAlmostEqual(prices["forward"], 10 + streamed + 64 * 1024 / 630e3, places=3)
        self.assertAlmostEqual(prices["backward"], 10 + streamed + 2 * 64 * 1024 / 630e3, places=3)


SHARDWRIGHT = sys.argv.pop()
unittest.main()
