"""The sources of what a run does, as they are cited in a paper."""

REFERENCES = {
    "Ba 2016": "Ba JL, Kiros JR, Hinton GE. Layer normalization. arXiv:1607.06450, 2016.",
    "Batson 2019": "Batson J, Royer L, Webber J. Molecular cross-validation for single-cell RNA-seq. bioRxiv 786269, 2019. "
    "doi:10.1101/786269",
    "Benjamini 1995": "Benjamini Y, Hochberg Y. Controlling the false discovery rate. J R Stat Soc B 57:289-300, 1995. "
    "doi:10.1111/j.2517-6161.1995.tb02031.x",
    "Clevert 2016": "Clevert DA, Unterthiner T, Hochreiter S. Fast and accurate deep network learning by exponential "
    "linear units (ELUs). ICLR 2016. arXiv:1511.07289",
    "Gayoso 2021": "Gayoso A, Steier Z, Lopez R, et al. Joint probabilistic modeling of single-cell multi-omic data with "
    "totalVI. Nat Methods 18:272-282, 2021. doi:10.1038/s41592-020-01050-x",
    "Ioffe 2015": "Ioffe S, Szegedy C. Batch normalization. ICML 2015. arXiv:1502.03167",
    "Kingma 2014": "Kingma DP, Welling M. Auto-encoding variational Bayes. ICLR 2014. arXiv:1312.6114",
    "Kingma 2015": "Kingma DP, Ba J. Adam: a method for stochastic optimization. ICLR 2015. arXiv:1412.6980",
    "Korsunsky 2019": "Korsunsky I, Millard N, Fan J, et al. Fast, sensitive and accurate integration of single-cell data "
    "with Harmony. Nat Methods 16:1289-1296, 2019. doi:10.1038/s41592-019-0619-0",
    "Lause 2021": "Lause J, Berens P, Kobak D. Analytic Pearson residuals for normalization of single-cell RNA-seq UMI data. "
    "Genome Biol 22:258, 2021. doi:10.1186/s13059-021-02451-7",
    "Lopez 2018": "Lopez R, Regier J, Cole MB, Jordan MI, Yosef N. Deep generative modeling for single-cell "
    "transcriptomics. Nat Methods 15:1053-1058, 2018. doi:10.1038/s41592-018-0229-2",
    "Loshchilov 2019": "Loshchilov I, Hutter F. Decoupled weight decay regularization. ICLR 2019. arXiv:1711.05101",
    "Love 2014": "Love MI, Huber W, Anders S. Moderated estimation of fold change and dispersion for RNA-seq data with DESeq2. "
    "Genome Biol 15:550, 2014. doi:10.1186/s13059-014-0550-8",
    "Mann 1947": "Mann HB, Whitney DR. On a test of whether one of two random variables is stochastically larger than the "
    "other. Ann Math Stat 18:50-60, 1947. doi:10.1214/aoms/1177730491",
    "McInnes 2018": "McInnes L, Healy J, Melville J. UMAP: uniform manifold approximation and projection for dimension "
    "reduction. arXiv:1802.03426, 2018.",
    "Mulè 2022": "Mulè MP, Martins AJ, Tsang JS. Normalizing and denoising protein expression data from droplet-based "
    "single cell profiling. Nat Commun 13:2099, 2022. doi:10.1038/s41467-022-29356-8",
    "Muzellec 2023": "Muzellec B, Teleńczuk M, Cabeli V, Andreux M. PyDESeq2: a python package for bulk RNA-seq differential "
    "expression analysis. Bioinformatics 39:btad547, 2023. doi:10.1093/bioinformatics/btad547",
    "Neufeld 2023": "Neufeld A, Dharamshi A, Gao LL, Witten D. Data thinning for convolution-closed distributions. "
    "arXiv:2301.07276, 2023.",
    "Paszke 2019": "Paszke A, Gross S, Massa F, et al. PyTorch: an imperative style, high-performance deep learning "
    "library. NeurIPS 32, 2019. arXiv:1912.01703",
    "Poličar 2024": "Poličar PG, Stražar M, Zupan B. openTSNE: a modular Python library for t-SNE dimensionality reduction "
    "and embedding. J Stat Softw 109(3):1-30, 2024. doi:10.18637/jss.v109.i03",
    "Satija 2015": "Satija R, Farrell JA, Gennert D, Schier AF, Regev A. Spatial reconstruction of single-cell gene "
    "expression data. Nat Biotechnol 33:495-502, 2015. doi:10.1038/nbt.3192",
    "Smith 2019": "Smith LN, Topin N. Super-convergence: very fast training of neural networks using large learning rates. "
    "Proc SPIE 11006, 2019. arXiv:1708.07120",
    "Squair 2021": "Squair JW, Gautier M, Kathe C, et al. Confronting false discoveries in single-cell differential "
    "expression. Nat Commun 12:5692, 2021. doi:10.1038/s41467-021-25960-2",
    "Stoeckius 2017": "Stoeckius M, Hafemeister C, Stephenson W, et al. Simultaneous epitope and transcriptome measurement "
    "in single cells. Nat Methods 14:865-868, 2017. doi:10.1038/nmeth.4380",
    "Stuart 2019": "Stuart T, Butler A, Hoffman P, et al. Comprehensive integration of single-cell data. Cell "
    "177:1888-1902, 2019. doi:10.1016/j.cell.2019.05.031",
    "Svensson 2020": "Svensson V, Gayoso A, Yosef N, Pachter L. Interpretable factor models of single-cell RNA-seq via "
    "variational autoencoders. Bioinformatics 36:3418-3421, 2020. doi:10.1093/bioinformatics/btaa169",
    "Tirosh 2016": "Tirosh I, Izar B, Prakadan SM, et al. Dissecting the multicellular ecosystem of metastatic melanoma by "
    "single-cell RNA-seq. Science 352:189-196, 2016. doi:10.1126/science.aad0501",
    "Traag 2019": "Traag VA, Waltman L, van Eck NJ. From Louvain to Leiden: guaranteeing well-connected communities. Sci "
    "Rep 9:5233, 2019. doi:10.1038/s41598-019-41695-z",
    "van der Maaten 2008": "van der Maaten L, Hinton G. Visualizing data using t-SNE. J Mach Learn Res 9:2579-2605, 2008.",
    "Virshup 2024": "Virshup I, Rybakov S, Theis FJ, Angerer P, Wolf FA. anndata: access and store annotated data "
    "matrices. J Open Source Softw 9(101):4371, 2024. doi:10.21105/joss.04371",
    "Wolf 2018": "Wolf FA, Angerer P, Theis FJ. SCANPY: large-scale single-cell gene expression data analysis. Genome Biol "
    "19:15, 2018. doi:10.1186/s13059-017-1382-0",
    "Wolock 2019": "Wolock SL, Lopez R, Klein AM. Scrublet: computational identification of cell doublets in single-cell "
    "transcriptomic data. Cell Syst 8:281-291, 2019. doi:10.1016/j.cels.2018.11.005",
    "Zhang 2019": "Zhang JM, Kamath GM, Tse DN. Valid post-clustering differential analysis for single-cell RNA-Seq. Cell "
    "Syst 9:383-392, 2019. doi:10.1016/j.cels.2019.07.012",
    "Zheng 2017": "Zheng GXY, Terry JM, Belgrader P, et al. Massively parallel digital transcriptional profiling of single "
    "cells. Nat Commun 8:14049, 2017. doi:10.1038/ncomms14049",
}


def cited(text):
    """The references whose keys stand in a text, in the order of the alphabet."""
    return [full for key, full in REFERENCES.items() if key in text]
